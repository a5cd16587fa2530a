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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's programs compile. */
class ReadmeTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  /** What the programs take for granted of their surroundings. */
  private static final String AROUND =
      """
      import java.nio.ByteBuffer;
      import java.nio.file.Path;
      import java.time.Duration;
      import java.util.*;
      import org.scanformer.*;
      class Example%d {
        interface Camera { boolean read(ByteBuffer to); boolean hasNext(); ByteBuffer next(); }
        Camera camera;
        ByteBuffer luma, chroma;
        int lumaStride, chromaStride, pitch;
        long lumaAddress, chromaAddress;
        void draw(double x, double y, double width, double height, int scales) {}
        void run() throws Exception {
      %s
        }
      }
      """;

  @TempDir private Path directory;

  @Test
  void programsCompile() throws Exception {
    String readme = Files.readString(Path.of("..", "..", "README.md"));
    Matcher programs = PROGRAM.matcher(readme);
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
    assertTrue(count >= 3, "programs found: " + count);
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
