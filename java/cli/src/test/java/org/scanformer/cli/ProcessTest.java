package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line in a process of its own: with little memory, and with a full disk. */
class ProcessTest {
  @TempDir private Path directory;
  private final Map<String, String> environment = new HashMap<>();
  private Path input = Path.of("/dev/null");

  private int run(Path out, List<String> options, String... arguments) throws Exception {
    Process process = start(ProcessBuilder.Redirect.to(out.toFile()), options, arguments);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    return process.exitValue();
  }

  private Process start(ProcessBuilder.Redirect out, List<String> options, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // The quick compiler alone, as none of them runs for long.
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(input.toFile())
            .redirectOutput(out)
            .redirectError(directory.resolve("err").toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  private String err() throws Exception {
    return Files.readString(directory.resolve("err"), StandardCharsets.UTF_8);
  }

  @Test
  void imagesThatDoNotFitTogetherAreAnsweredOneAfterAnother() throws Exception {
    Path image = directory.resolve("a.png");
    ImageIO.write(new BufferedImage(3500, 2000, BufferedImage.TYPE_INT_RGB), "png", image.toFile());
    Path batch =
        Files.write(
            directory.resolve("b.jsonl"),
            Collections.nCopies(10, "{\"image\":\"a.png\",\"text\":\"the red circle\"}"));
    Path out = directory.resolve("out");
    int code =
        run(
            out,
            List.of("-Xmx128m"),
            "locate",
            "--backend",
            "cpu",
            "--model",
            CommandLineRun.MODEL,
            "--batch",
            batch.toString());
    List<String> lines = Files.readAllLines(out);
    assertEquals(10, lines.size(), err());
    for (int i = 0; i < lines.size(); i++) {
      assertTrue(lines.get(i).startsWith("{\"line\":" + (i + 1) + ","), lines.get(i));
      assertTrue(lines.get(i).contains("\"box\""), lines.get(i));
    }
    assertEquals(0, code, err());
  }

  @Test
  void anImageThatIsStandardInputIsNotOverwritten() throws Exception {
    input = Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("in.png"));
    byte[] before = Files.readAllBytes(input);
    String[] command = {"locate", "-", "red", "--out", input.toString()};
    assertEquals(Main.USAGE, run(directory.resolve("out"), List.of(), command), err());
    assertTrue(err().contains("--out would overwrite"), err());
    assertArrayEquals(before, Files.readAllBytes(input));
  }

  @Test
  void whatDoesNotFitTheHeapIsToldInALine() throws Exception {
    Path bomb = directory.resolve("bomb.json");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(bomb))) {
      byte[] spaces = " ".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 100; i++) {
        out.write(spaces);
      }
    }
    Path picture = directory.resolve("gray.png");
    ImageIO.write(
        new BufferedImage(5000, 4000, BufferedImage.TYPE_BYTE_GRAY), "png", picture.toFile());
    String[][] commands = {
      {"eval", "--data", "mdetr", "--file", bomb.toString()},
      {
        "locate",
        "--backend",
        "cpu",
        "--model",
        CommandLineRun.MODEL,
        picture.toString(),
        CommandLineRun.TEXT,
        "--out",
        directory.resolve("o.png").toString()
      }
    };
    for (String[] command : commands) {
      Path out = directory.resolve("out");
      assertEquals(Main.FAILURE, run(out, List.of("-Xmx72m"), command), err());
      assertTrue(err().contains("he JVM has not enough memory"), err());
      assertTrue(err().contains("-Xmx"), err());
      assertFalse(err().contains("\tat "), err());
    }
  }

  @Test
  void aFullDiskIsAFailure() throws Exception {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "no /dev/full");
    String[][] commands = {
      {"devices"},
      {
        "locate",
        "--backend",
        "cpu",
        "--model",
        CommandLineRun.MODEL,
        "--image",
        CommandLineRun.IMAGE,
        "--text",
        CommandLineRun.TEXT,
        "--json"
      }
    };
    for (String[] command : commands) {
      assertEquals(Main.FAILURE, run(full, List.of(), command), err());
      String reason = "standard output could not be written to: No space left on device";
      assertTrue(err().contains(reason), err());
    }
  }

  /** As {@code head} ends it: nothing went wrong, so nothing is said. */
  @Test
  void aReaderThatEndsFirstEndsTheRunWithoutAWord() throws Exception {
    Path batch =
        Files.write(
            directory.resolve("b.jsonl"),
            Collections.nCopies(
                20_000,
                "{\"image\":\"" + CommandLineRun.IMAGE + "\",\"text\":\"the red circle\"}"));
    Process process =
        start(
            ProcessBuilder.Redirect.PIPE,
            List.of(),
            "locate",
            "--backend",
            "cpu",
            "--model",
            CommandLineRun.MODEL,
            "--batch",
            batch.toString());
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
      assertTrue(answers.readLine().startsWith("{\"line\":1,"));
    }
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    assertEquals(Main.READER_GONE, process.exitValue(), err());
    assertFalse(err().contains("scanformer:"), err());
    // It goes to a file here: a line that changes would be one without end.
    assertTrue(err().contains("locate") && !err().contains("\r"), err());
  }

  @Test
  void nothingIsLeftInTheDirectoryForTemporaryFiles() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Path out = directory.resolve("out");
    int code =
        run(
            out,
            List.of("-Djava.io.tmpdir=" + temporary, "-Duser.home=/dev/null/none"),
            "locate",
            "--backend",
            "cpu",
            "--model",
            CommandLineRun.MODEL,
            "--image",
            CommandLineRun.IMAGE,
            "--text",
            CommandLineRun.TEXT,
            "--out",
            directory.resolve("o.png").toString());
    assertEquals(0, code, err());
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void theBundledModelIsNotUnpackedWhereOthersCanWrite() throws Exception {
    Path planted = Files.createDirectory(directory.resolve("planted"));
    Files.setPosixFilePermissions(planted, PosixFilePermissions.fromString("rwxrwxrwx"));
    String cache = "-Dorg.scanformer.cache=" + planted;
    String[] locate = {"locate", "--image", CommandLineRun.IMAGE, "--text", "the red circle"};
    assertEquals(Main.FAILURE, run(directory.resolve("out"), List.of(cache), locate));
    assertTrue(err().contains(planted + " belongs to"), err());
    assertTrue(err().contains("the mode 777"), err());
    try (Stream<Path> files = Files.list(planted)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void namesThatTheLocaleHasNotAreToldWithWhatToDo() throws Exception {
    assumeTrue(
        System.getProperty("sun.jnu.encoding").equals("UTF-8"), "such names cannot be given");
    environment.put("LC_ALL", "C");
    String[][] commands = {
      {"locate", "größe.png", "red"},
      {"locate", "--out", "größe.png", CommandLineRun.IMAGE, "red"},
      {"locate", "--model", "größe", CommandLineRun.IMAGE, "red"},
      {"video", "--source", "größe.mp4", "--text", "red"}
    };
    for (String[] command : commands) {
      int code = run(directory.resolve("out"), List.of(), command);
      assertTrue(code == Main.FAILURE || code == Main.USAGE, err());
      assertTrue(err().contains("not a file's name: "), err());
      assertTrue(err().contains("set LC_ALL=C.UTF-8"), err());
    }
  }

  /** The plain command goes another way than the one with options. */
  @Test
  void aPlainCommandAnswersAsOneWithOptionsDoes() throws Exception {
    String cache = "-Dorg.scanformer.cache=" + directory.resolve("cache");
    String image = CommandLineRun.IMAGE;
    Path plain = directory.resolve("plain");
    Path options = directory.resolve("options");
    String text = "the red ciircle";
    assertEquals(0, run(plain, List.of(cache), "locate", image, text), err());
    String warning = err();
    assertEquals(0, run(options, List.of(cache), "locate", "--threads", "0", image, text), err());
    assertEquals(warning, err());
    assertTrue(warning.contains("ciircle"), warning);
    assertEquals(withoutTimes(options), withoutTimes(plain));
    Path bad = Files.writeString(directory.resolve("bad.png"), "no picture");
    assertEquals(Main.FAILURE, run(plain, List.of(cache), "locate", bad.toString(), text));
    String failure = err();
    assertEquals(
        Main.FAILURE, run(options, List.of(cache), "locate", "--threads=0", bad.toString(), text));
    assertEquals(err(), failure);
    assertEquals("", Files.readString(plain));
  }

  private static String withoutTimes(Path answer) throws Exception {
    return Files.readString(answer).replaceAll("\\d+\\.\\d+ m?s\\b", "TIME");
  }

  @Test
  void withoutFontsTheAnswerAndTheBoxesAreThere() throws Exception {
    Path fonts = Files.writeString(directory.resolve("fonts.conf"), "<fontconfig></fontconfig>");
    environment.put("FONTCONFIG_FILE", fonts.toString());
    Path picture = directory.resolve("boxes.png");
    Path out = directory.resolve("out");
    int code =
        run(
            out,
            // Java keeps what it once found of fonts in the user's home.
            List.of("-Duser.home=" + directory),
            "locate",
            "--backend",
            "cpu",
            "--model",
            CommandLineRun.MODEL,
            CommandLineRun.IMAGE,
            CommandLineRun.TEXT,
            "--out",
            picture.toString());
    assertEquals(0, code, err());
    assertTrue(Files.readString(out).contains("Found at:   x 76.6"), Files.readString(out));
    assertTrue(err().contains("drawn without its text"), err());
    BufferedImage drawn = ImageIO.read(picture.toFile());
    BufferedImage source = ImageIO.read(Path.of(CommandLineRun.IMAGE).toFile());
    assertEquals(source.getHeight(), drawn.getHeight(), "no caption below the image");
  }
}
