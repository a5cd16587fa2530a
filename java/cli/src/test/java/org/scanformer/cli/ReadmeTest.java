package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The programs of the README and of the pages on live systems and on deploying compile. */
class ReadmeTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  /** What the programs take for granted of their surroundings. */
  private static final String AROUND =
      """
      import java.nio.ByteBuffer;
      import java.nio.file.Path;
      import java.time.Duration;
      import java.util.*;
      import java.util.concurrent.*;
      import org.scanformer.*;
      import org.scanformer.micrometer.*;
      class Example%d {
        interface Camera { boolean read(ByteBuffer to); boolean hasNext(); ByteBuffer next(); }
        Camera camera;
        ByteBuffer pixels;
        Image frame, other;
        ScanFormer model;
        Expression person, car;
        Session session;
        SessionResult result, second;
        LocateOptions options;
        BatcherOptions batching;
        long due;
        io.micrometer.core.instrument.MeterRegistry registry;
        void draw(double x, double y, double width, double height, int scales) {}
        void run() throws Exception {
      %s
        }
      }
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"README.md, 3", "docs/LIVE.md, 6", "docs/DEPLOYING.md, 2"})
  void programsCompile(String page, int least) throws Exception {
    Matcher programs = PROGRAM.matcher(Files.readString(Path.of("..", "..", page)));
    int count = 0;
    while (programs.find()) {
      String body =
          programs
              .group(1)
              .lines()
              .filter(line -> !line.startsWith("import "))
              .collect(Collectors.joining("\n"));
      compile(count, String.format(AROUND, count, body));
      count++;
    }
    assertTrue(count >= least, "programs found: " + count);
  }

  private void compile(int number, String source) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    URI name = URI.create("string:///Example" + number + ".java");
    JavaFileObject file =
        new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    String classes = System.getProperty("java.class.path");
    List<String> options = List.of("-proc:none", "-cp", classes, "-d", directory.toString());
    boolean compiled = compiler.getTask(null, null, found, options, null, List.of(file)).call();
    assertTrue(compiled, () -> found.getDiagnostics() + "\n" + source);
    assertEquals(0, found.getDiagnostics().size(), () -> found.getDiagnostics() + "\n" + source);
  }
}
