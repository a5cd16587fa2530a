package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.locate;
import static org.scanformer.cli.CommandLineRun.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands write is whole, and never takes the place of what they read. */
class OutputFileTest {
  @TempDir private Path directory;
  private Path image;

  @BeforeEach
  void copyImage() throws Exception {
    image = Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("in.png"));
  }

  private List<String> names() throws Exception {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private CommandLineRun locateIn(String... arguments) {
    String[] all = {
      "locate", "--backend", "cpu", "--model", MODEL, "--image", image.toString(), "--text", TEXT
    };
    return run(Stream.concat(Stream.of(all), Stream.of(arguments)).toArray(String[]::new));
  }

  @Test
  void theInputIsNotOverwritten() throws Exception {
    byte[] before = Files.readAllBytes(image);
    Path link = Files.createSymbolicLink(directory.resolve("link.png"), image);
    for (String option : List.of("--out", "--seen")) {
      for (Path file : List.of(image, link, directory.resolve(".").resolve("in.png"))) {
        CommandLineRun refused = locateIn(option, file.toString());
        assertEquals(Main.USAGE, refused.code(), refused.err());
        assertTrue(refused.err().contains(option + " would overwrite"), refused.err());
        assertArrayEquals(before, Files.readAllBytes(image));
      }
    }
  }

  @Test
  void otherEndingsAreRefusedBeforeAnyWork() throws Exception {
    for (String name : List.of("o.jpg", "o.jpeg", "o", "o.png.bak")) {
      CommandLineRun refused = locateIn("--out", directory.resolve(name).toString());
      assertEquals(Main.USAGE, refused.code(), refused.err());
      assertTrue(refused.err().contains("ends with .png"), refused.err());
    }
    assertEquals(List.of("in.png"), names());
  }

  @Test
  void twoPicturesHaveTwoFiles() {
    String out = directory.resolve("o.png").toString();
    CommandLineRun refused = locateIn("--out", out, "--seen", out);
    assertEquals(Main.USAGE, refused.code(), refused.err());
    assertTrue(refused.err().contains("the same file"), refused.err());
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() throws Exception {
    Files.writeString(directory.resolve("o.png"), "old");
    CliException failed =
        assertThrows(
            CliException.class,
            () -> OutputFile.write(directory.resolve("o.png/p.png"), new byte[10]));
    assertTrue(failed.getMessage().contains("p.png could not be written"), failed.getMessage());
    assertEquals("old", Files.readString(directory.resolve("o.png")));
  }

  @Test
  void aFullDiskIsAFailureWithAMessage() {
    assumeTrue(Files.exists(Path.of("/dev/full")), "no /dev/full");
    CommandLineRun failed = locate("--out", "/dev/full");
    assertEquals(Main.FAILURE, failed.code());
    assertTrue(failed.err().contains("/dev/full could not be written"), failed.err());
  }

  @Test
  void whatIsWrittenIsWhole() throws Exception {
    Path target = directory.resolve("o.png");
    OutputFile.write(target, new byte[] {1, 2, 3});
    OutputFile.writeLines(target, List.of("a", "b"));
    assertEquals(List.of("a", "b"), Files.readAllLines(target));
    assertEquals(List.of("in.png", "o.png"), names());
  }
}
