package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PyTorch's libraries come from no place where others could have put theirs. */
class PlantedLibrariesTest {
  @TempDir private Path directory;

  @Test
  void aDirectoryThatOthersCanWriteToIsRefused() throws Exception {
    Path shared = Files.createDirectory(directory.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Process trainer =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-Dorg.scanformer.cache=" + shared,
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    "--out",
                    directory.resolve("run").toString(),
                    "--config",
                    TinyModel.writeConfig(directory).toString(),
                    "--steps",
                    "1"))
            .redirectErrorStream(true)
            .start();
    String output = new String(trainer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(1, trainer.waitFor(), output);
    assertTrue(
        output.contains(
            "PyTorch does not start: its native library could not be loaded: The directory "
                + shared),
        output);
    try (var unpacked = Files.list(shared)) {
      assertEquals(List.of(), unpacked.toList());
    }
  }
}
