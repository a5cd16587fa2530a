package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.Location;

/**
 * The README's programs and commands, and the programs of the pages on live systems and deploying.
 */
class ReadmeTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  private static final Pattern COMMAND =
      Pattern.compile("^java/cli/target/scanformer (.*?)( +#.*| < .*)?$", Pattern.MULTILINE);
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

  private static final List<String> EVERY_IMPORT =
      List.of(
          "import java.nio.ByteBuffer;",
          "import java.nio.file.Path;",
          "import java.time.Duration;",
          "import java.util.*;",
          "import java.util.concurrent.*;",
          "import org.scanformer.*;",
          "import org.scanformer.micrometer.*;");

  /**
   * What the programs take for granted of their surroundings: their imports, fields, themselves.
   */
  private static final String AROUND =
      """
      %s
      class Example%d {
        interface Camera {
          boolean read(java.nio.ByteBuffer to);
          boolean hasNext();
          java.nio.ByteBuffer next();
        }
        Camera camera;
        java.nio.ByteBuffer pixels;
        org.scanformer.Image frame, other;
        org.scanformer.ScanFormer model;
        org.scanformer.Expression person, car;
        org.scanformer.Session session;
        org.scanformer.SessionResult result, second;
        org.scanformer.LocateOptions options;
        org.scanformer.BatcherOptions batching;
        long due;
        io.micrometer.core.instrument.MeterRegistry registry;
        void draw(double x, double y, double width, double height, int scales) {}
        void run() throws Exception {
      %s
        }
      }
      """;

  @TempDir private Path directory;

  private static String page(String name) throws Exception {
    return Files.readString(Path.of("..", "..", name));
  }

  @Test
  void itsJsonIsAnAnswer() throws Exception {
    Matcher block =
        Pattern.compile("```json\\n(.*?)```", Pattern.DOTALL).matcher(page("README.md"));
    assertTrue(block.find());
    ObjectMapper mapper = new ObjectMapper();
    Location read = mapper.readValue(block.group(1), Location.class);
    assertEquals(mapper.readTree(block.group(1)), mapper.readTree(mapper.writeValueAsString(read)));
  }

  @Test
  void programsOfTheReadmeCompileWithTheImportsThatTheyShow() throws Exception {
    assertProgramsCompile("README.md", 3, List.of());
  }

  @Test
  void programsOfThePageOnLiveSystemsCompile() throws Exception {
    assertProgramsCompile("docs/LIVE.md", 6, EVERY_IMPORT);
  }

  @Test
  void programsOfThePageOnDeployingCompile() throws Exception {
    assertProgramsCompile("docs/DEPLOYING.md", 2, EVERY_IMPORT);
  }

  @Test
  void programsOfThePageOnVideoCompileWithTheImportsThatTheyShow() throws Exception {
    assertProgramsCompile("java/video/README.md", 1, List.of());
  }

  private void assertProgramsCompile(String page, int least, List<String> imports)
      throws Exception {
    Matcher programs = PROGRAM.matcher(page(page));
    int count = 0;
    while (programs.find()) {
      Map<Boolean, List<String>> lines =
          programs
              .group(1)
              .lines()
              .collect(Collectors.partitioningBy(line -> line.startsWith("import ")));
      Set<String> imported = new TreeSet<>(lines.get(true));
      imported.addAll(imports);
      compile(
          count,
          String.format(
              AROUND, String.join("\n", imported), count, String.join("\n", lines.get(false))));
      count++;
    }
    assertTrue(count >= least, "programs found: " + count);
  }

  @Test
  void thePageOnKernelsNamesEveryFile() throws Exception {
    String page = page("kernels/README.md");
    try (Stream<Path> files = Files.list(Path.of("..", "..", "kernels", "src"))) {
      List<String> missing =
          files.map(file -> file.getFileName().toString()).filter(n -> !page.contains(n)).toList();
      assertEquals(List.of(), missing);
    }
  }

  @ParameterizedTest
  @CsvSource({"README.md, 8", "java/trainer/README.md, 1", "docs/REFCOCO.md, 9"})
  void commandsAreUnderstood(String page, int least) throws Exception {
    Matcher commands = COMMAND.matcher(page(page).replace("\\\n", " "));
    int count = 0;
    for (; commands.find(); count++) {
      List<String> words =
          WORD.matcher(commands.group(1))
              .results()
              .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
              .toList();
      RootCommand.commandLine().parseArgs(words.toArray(String[]::new));
    }
    assertTrue(count >= least, page + ", commands found: " + count);
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
