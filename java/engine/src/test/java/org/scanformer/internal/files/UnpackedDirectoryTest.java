package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories of processes that end, and of such that are killed. */
class UnpackedDirectoryTest {
  @TempDir private Path parent;

  /** Makes a directory with a file in it, tells its path and waits to be killed. */
  public static void main(String[] arguments) throws Exception {
    UnpackedDirectory made = UnpackedDirectory.create(Path.of(arguments[0]), "model-");
    Files.writeString(made.path().resolve("config.json"), "{}");
    System.out.println(made.path());
    System.in.read();
  }

  private List<Path> left() throws Exception {
    try (Stream<Path> files = Files.list(parent)) {
      return files.toList();
    }
  }

  @Test
  void isGoneWhenItIsClosed() throws Exception {
    try (UnpackedDirectory first = UnpackedDirectory.create(parent, "model-")) {
      try (UnpackedDirectory second = UnpackedDirectory.create(parent, "model-")) {
        Files.writeString(second.path().resolve("config.json"), "{}");
      }
      assertTrue(Files.isDirectory(first.path()));
    }
    assertEquals(List.of(), left());
  }

  /** As in a container that starts again: its process has the number of the one before. */
  @Test
  void ofAProcessThatHadThisOnesNumberIsDeleted() throws Exception {
    String left = "model-" + ProcessHandle.current().pid() + "-17c3b6f5a9d";
    Files.createFile(parent.resolve(left + ".lock"));
    Files.writeString(Files.createDirectory(parent.resolve(left)).resolve("config.json"), "{}");
    try (UnpackedDirectory first = UnpackedDirectory.create(parent, "model-");
        UnpackedDirectory second = UnpackedDirectory.create(parent, "model-")) {
      assertTrue(Files.isDirectory(first.path()) && Files.isDirectory(second.path()));
      assertEquals(4, left().size(), "two directories with a lock each: " + left());
    }
    assertEquals(List.of(), left());
  }

  @Test
  void ofAProcessThatWasKilledIsDeletedByTheNextAndOfOneThatRunsIsNot() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                UnpackedDirectoryTest.class.getName(),
                parent.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = other.inputReader()) {
      Path made = Path.of(output.readLine());
      for (int i = 0; i < 2; i++) {
        UnpackedDirectory.create(parent, "model-").close();
        assertTrue(Files.exists(made.resolve("config.json")), "of a process that runs");
      }
      other.destroyForcibly().waitFor();
      assertTrue(Files.exists(made), "nobody could delete it");
      UnpackedDirectory.create(parent, "other-").close();
      assertTrue(Files.exists(made), "of another kind");
      UnpackedDirectory.create(parent, "model-").close();
      assertEquals(List.of(), left());
    } finally {
      other.destroyForcibly();
    }
  }
}
