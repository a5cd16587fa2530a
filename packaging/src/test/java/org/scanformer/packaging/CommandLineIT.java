package org.scanformer.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line's jar with and without what lies beside it. */
class CommandLineIT {
  @TempDir private Path directory;

  private Path copied() throws IOException {
    return Files.copy(BuiltJar.commandLine().file(), directory.resolve("scanformer.jar"));
  }

  private String run(int code, Path jar, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-jar",
                jar.toString()));
    command.addAll(List.of(arguments));
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    String text = Files.readString(output);
    assertEquals(code, process.waitFor(), text);
    return text;
  }

  @Test
  void theModelOfPhotographsIsFoundBesideIt() throws Exception {
    Path jar = copied();
    Path models = Files.createDirectory(directory.resolve("models"));
    Files.copy(BuiltJar.photosBeside().file(), models.resolve("scanformer-model-photos.jar"));
    String text = run(0, jar, "inspect", "photos", "--json", "--backend", "cpu");
    assertTrue(text.contains("\"vocab_size\""), text);
  }

  @Test
  void allElseWorksWithoutIt() throws Exception {
    Path jar = copied();
    String missing = run(1, jar, "inspect", "photos", "--backend", "cpu");
    assertTrue(
        missing.contains("models/scanformer-model-photos.jar beside scanformer.jar"), missing);
    assertTrue(run(0, jar, "inspect", "shapes", "--backend", "cpu").contains("Parameters"));
  }
}
