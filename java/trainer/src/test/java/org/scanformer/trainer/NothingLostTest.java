package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults in data and in a run's directory that must not end the run. */
class NothingLostTest {
  private static final int PAIRS = 8;

  @TempDir private Path directory;
  private Path tokenizer;
  private Path config;
  private Path run;

  private record Run(int code, String err) {}

  @BeforeEach
  void writeModel() throws IOException {
    config = TinyModel.writeConfig(directory);
    tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    run = directory.resolve("run");
  }

  private Run train(Path data, Path validation, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--out",
                run.toString(),
                "--config",
                config.toString(),
                "--tokenizer",
                tokenizer.toString(),
                "--data",
                "mdetr",
                "--file",
                data.toString(),
                "--validation-file",
                validation.toString(),
                "--batch",
                "4",
                "--threads",
                "1",
                "--precision",
                "fp32",
                "--validate-every",
                "1000"));
    arguments.addAll(List.of(more));
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine()
            .setErr(new PrintWriter(err, true))
            .execute(arguments.toArray(String[]::new));
    return new Run(code, err.toString());
  }

  /** Pairs with images "0.jpg", "1.jpg", …; the caption of the pair of that number is given. */
  private Path writeData(String name, int odd, String caption) throws IOException {
    StringBuilder images = new StringBuilder();
    StringBuilder annotations = new StringBuilder();
    for (int i = 0; i < PAIRS; i++) {
      BufferedImage picture = new BufferedImage(120, 80, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = picture.createGraphics();
      graphics.setColor(Color.RED);
      graphics.fillOval(10 + i, 20, 40, 40);
      graphics.dispose();
      Path file = directory.resolve(i + ".jpg");
      if (!Files.exists(file)) {
        ImageIO.write(picture, "jpg", file.toFile());
      }
      images
          .append(i == 0 ? "" : ",")
          .append("{\"id\": " + i + ", \"file_name\": \"" + i + ".jpg\", \"width\": 120,")
          .append(" \"height\": 80, \"caption\": \"")
          .append(i == odd ? caption : "the red circle")
          .append("\"}");
      annotations
          .append(i == 0 ? "" : ",")
          .append("{\"id\": " + i + ", \"image_id\": " + i)
          .append(", \"bbox\": [" + (10 + i) + ", 20, 40, 40]}");
    }
    Path file = directory.resolve(name);
    return Files.writeString(
        file, "{\"images\": [" + images + "], \"annotations\": [" + annotations + "]}");
  }

  private void truncate(String name) throws IOException {
    Path file = directory.resolve(name);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length * 2 / 3));
  }

  @Test
  void leavesOutPicturesAndCaptionsThatCannotBeUsed() throws IOException {
    Path data = writeData("t.json", 5, "x ".repeat(60_000));
    Path validation = writeData("v.json", 2, "\\u200b");
    truncate("3.jpg");
    Run first = train(data, validation, "--steps", "4", "--checkpoint-every", "2");
    assertEquals(0, first.code(), first.err());
    assertTrue(first.err().contains("t.json image 3 with the image"), first.err());
    assertTrue(first.err().contains("3.jpg"), first.err());
    assertTrue(first.err().contains("t.json image 5 with the image"), first.err());
    assertTrue(first.err().contains("characters, expected at most"), first.err());
    assertTrue(first.err().contains("v.json image 3 with the image"), first.err());
    assertEquals(1, first.err().split("t.json image 3 with", -1).length - 1, first.err());
    assertTrue(Files.isRegularFile(run.resolve("model/model.safetensors")));
    Run resumed = train(data, validation, "--steps", "6");
    assertEquals(0, resumed.code(), resumed.err());
    assertTrue(resumed.err().contains("Resumed after step 4"), resumed.err());
  }

  @Test
  void replacementsAreTheSameInEveryRun() throws IOException {
    Path data = writeData("t.json", -1, "");
    truncate("3.jpg");
    train(data, data, "--steps", "3");
    byte[] whole = Files.readAllBytes(run.resolve("checkpoint.safetensors"));
    run = directory.resolve("twice");
    train(data, data, "--steps", "3");
    byte[] again = Files.readAllBytes(run.resolve("checkpoint.safetensors"));
    assertTrue(Arrays.equals(whole, again));
  }

  @Test
  void refusesToStartWithoutHeldOutPairs() throws IOException {
    Path data = writeData("t.json", -1, "");
    Path none = directory.resolve("none.json");
    Files.writeString(
        none,
        """
        {"images": [{"id": 1, "file_name": "gone.jpg", "width": 9, "height": 9, "caption": "x"}],
         "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 1, 5, 5]}]}
        """);
    Run empty = train(data, none, "--steps", "4");
    assertEquals(1, empty.code());
    assertTrue(empty.err().contains("no held-out pair with one target found"), empty.err());
    assertFalse(Files.exists(run.resolve("checkpoint.safetensors")));
    Run zero = train(data, data, "--steps", "4", "--validation-pairs", "0");
    assertEquals(2, zero.code());
    assertTrue(zero.err().contains("--validation-pairs must be at least 1"), zero.err());
    for (int i = 0; i < PAIRS; i++) {
      truncate(i + ".jpg");
    }
    Run broken = train(data, data, "--steps", "4");
    assertEquals(1, broken.code());
    assertTrue(broken.err().contains("none of the 8 held-out pairs can be read"), broken.err());
    assertFalse(Files.exists(run.resolve("checkpoint.safetensors")));
  }

  private static final List<String> CURVES =
      List.of(
          "step,seconds,rate,loss,box_loss,gradient_norm,accuracies,selected_shares",
          "1,0.5,0.0100,9.1234,4.1234,1.234,0.100 0.200 0.300,1.000 0.500 0.400",
          "2,0.9,0.0200,9.0000,NaN,1.234,0.100 0.200 0.300,1.000 0.500 0.400");

  @Test
  void keepsWhatIsReadableOfDamagedCurves() throws IOException {
    Path data = writeData("t.json", -1, "");
    assertEquals(0, train(data, data, "--steps", "2").code());
    Path curves = run.resolve("curves.csv");
    Files.writeString(
        curves,
        "\0\0\u00ff\u00fe,\n75,1\n"
            + String.join("\n", CURVES)
            + "\n60,abc,,,,,,\n3,0.9,0.0200,9.0000,1.0000,1.234,0.100,1.000\n2,0.9,0.0",
        StandardCharsets.ISO_8859_1);
    Run resumed = train(data, data, "--steps", "3");
    assertEquals(0, resumed.code(), resumed.err());
    assertEquals(CURVES, Files.readAllLines(curves));
  }

  /** A directory in the picture's place stands for whatever keeps it from being drawn. */
  @Test
  void goesOnWithoutThePictureOfTheCurves() throws IOException {
    Path data = writeData("t.json", -1, "");
    assertEquals(0, train(data, data, "--steps", "2").code());
    Files.write(run.resolve("curves.csv"), CURVES);
    Files.createDirectories(run.resolve("curves.png").resolve("x"));
    Run resumed = train(data, data, "--steps", "4");
    assertEquals(0, resumed.code(), resumed.err());
    assertTrue(resumed.err().contains("curves.png cannot be drawn"), resumed.err());
    assertTrue(train(data, data, "--steps", "5").err().contains("Resumed after step 4"));
  }

  /** It may have been ended while it was judged. */
  @Test
  void writesTheModelOfARunThatIsAtItsEnd() throws IOException {
    Path data = writeData("t.json", -1, "");
    assertEquals(0, train(data, data, "--steps", "2").code());
    Path weights = run.resolve("model").resolve("model.safetensors");
    byte[] before = Files.readAllBytes(weights);
    Files.delete(weights);
    Run again = train(data, data, "--steps", "2");
    assertEquals(0, again.code(), again.err());
    assertArrayEquals(before, Files.readAllBytes(weights));
  }

  @Test
  void everyFailureToDrawIsAWarning() {
    for (Error failure :
        new Error[] {
          new Error("Probable fatal error: No physical fonts found."),
          new NoClassDefFoundError("sun.font.SunFontManager"),
          new InternalError("fonts"),
          new OutOfMemoryError("heap")
        }) {
      StringWriter err = new StringWriter();
      TrainingRun.Picture picture =
          () -> {
            throw failure;
          };
      assertFalse(TrainingRun.drawn(picture, new PrintWriter(err)));
      assertTrue(err.toString().contains(failure.getMessage()), err.toString());
    }
  }
}
