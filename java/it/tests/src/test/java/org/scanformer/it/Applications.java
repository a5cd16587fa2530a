package org.scanformer.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The applications that the build has made, and processes that run them. */
final class Applications {
  static final String MAIN = "org.scanformer.it.application.Locate";
  static final String MODULE = "org.scanformer.it.application";

  private static final Path DIRECTORY = Path.of(System.getProperty("it.directory")).normalize();
  private static final Path REPOSITORY = DIRECTORY.resolve("../..").normalize();

  private Applications() {}

  /** The jar that a module of the build has made. */
  static Path jar(String module) {
    return DIRECTORY.resolve(
        module
            + "/target/scanformer-it-"
            + module
            + "-"
            + System.getProperty("it.version")
            + ".jar");
  }

  /** The plain application's jar and all it needs, to be used as class path or as module path. */
  static String path() throws IOException {
    return jar("application")
        + File.pathSeparator
        + Files.readString(DIRECTORY.resolve("application/target/class-path.txt"));
  }

  /** The same without the jars whose names begin like this. */
  static String pathWithout(String prefix) throws IOException {
    return Stream.of(path().split(File.pathSeparator))
        .filter(jar -> !Path.of(jar).getFileName().toString().startsWith(prefix))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** A scene with a red star at its left, from 35, 238 to 80, 282. */
  static String scene() {
    return REPOSITORY.resolve("java/cli/src/demo/scene.png").toString();
  }

  /**
   * Requires that an application found the star, its corner to within five pixels, and then printed
   * the rest, a regular expression.
   */
  static void assertFound(String scene, String rest, String output) {
    String corner = ": at (3\\d|40),2(3[3-9]|4[0-3]) on CPU\n";
    assertTrue(output.matches("(?s)" + Pattern.quote(scene) + corner + rest), output);
  }

  /** A picture of 32x48 pixels. */
  static String picture(String name) {
    return REPOSITORY.resolve("java/engine/src/test/resources/images").resolve(name).toString();
  }

  /** The launcher of the JDK that runs the tests. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * The launcher of a JDK 25: this one, the one that JAVA_HOME_25 names, or one that is installed
   * where distributions do.
   */
  static Optional<String> java25() throws IOException {
    if (Runtime.version().feature() == 25) {
      return Optional.of(java());
    }
    List<Path> homes = new ArrayList<>();
    if (System.getenv("JAVA_HOME_25") != null) {
      homes.add(Path.of(System.getenv("JAVA_HOME_25")));
    }
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(installed, "*25*")) {
        found.forEach(homes::add);
      }
    }
    return homes.stream()
        .map(home -> home.resolve("bin/java"))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /**
   * The option that lets modules load native libraries, without which later JVMs print warnings.
   */
  static List<String> nativeAccess(String modules) {
    return Runtime.version().feature() < 22
        ? List.of()
        : List.of("--enable-native-access=" + modules);
  }

  /** Runs a command to its end and returns what it wrote, its errors too. */
  static String run(List<String> command) throws Exception {
    Path output = Files.createTempFile("scanformer-it-", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(600, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("The process did not end: " + Files.readString(output));
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      assertTrue(process.exitValue() == 0, text);
      return text;
    } finally {
      Files.delete(output);
    }
  }
}
