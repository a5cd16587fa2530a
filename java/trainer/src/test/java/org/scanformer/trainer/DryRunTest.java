package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DryRunTest {
  @TempDir private Path directory;
  private final List<String> arguments = new ArrayList<>();
  private Path out;

  private record Run(int code, String out, String err) {}

  private Run train(String... further) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of(further));
    StringWriter output = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine()
            .setOut(new PrintWriter(output, true))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return new Run(code, output.toString(), err.toString());
  }

  /** Twelve pictures across, nine upright, and one that is missing; one pair speaks of a group. */
  @BeforeEach
  void writeData() throws IOException {
    out = directory.resolve("runs/one");
    StringBuilder lines = new StringBuilder("image,x,y,width,height,text\n");
    for (int i = 0; i < 21; i++) {
      BufferedImage image =
          i < 12
              ? new BufferedImage(60, 40, BufferedImage.TYPE_INT_RGB)
              : new BufferedImage(40, 60, BufferedImage.TYPE_INT_RGB);
      image.createGraphics().fillRect(5, 5, 10 + i / 2, 12);
      ImageIO.write(image, "png", directory.resolve(i + ".png").toFile());
      lines.append(i).append(".png,5,5,").append(10 + i / 2).append(",12,the white square\n");
    }
    lines.append("0.png,20,20,4,4,squares\n0.png,30,20,4,4,squares\n");
    lines.append("gone.png,1,1,2,2,the circle\n");
    Path data = Files.writeString(directory.resolve("data.csv"), lines);
    Path tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    arguments.addAll(
        List.of(
            "--out", out.toString(),
            "--config", TinyModel.writeConfig(directory).toString(),
            "--tokenizer", tokenizer.toString(),
            "--data", "csv",
            "--file", data.toString(),
            "--validation-file", data.toString(),
            "--precision", "fp32"));
  }

  @Test
  void countsMeasuresAndWritesNothing() throws IOException {
    Path cache = directory.resolve("images.cache");
    Run dry = train("--dry-run", "--batch", "4", "--steps", "1000", "--cache", cache.toString());
    assertEquals(0, dry.code(), dry.err());
    String report = dry.out();
    assertTrue(report.contains("22 pairs of 21 images; 1 have several targets, 0 none"), report);
    assertTrue(report.contains("1 bad records are left out"), report);
    assertTrue(report.contains("21 pairs are used; 5 batches an epoch, which leave 1"), report);
    assertTrue(report.contains("2x3 12, 3x2 9"), report);
    assertTrue(report.contains("21 pairs in 6 batches"), report);
    assertTrue(report.contains("200.0 epochs"), report);
    assertTrue(report.contains("as 14.5 % of them select every patch"), report);
    // Four pairs, all patches: [CLS] the white square [SEP], and [REG] with 6, 24 and 96 patches.
    assertTrue(
        report.contains(
            "536 tokens: 20 of text, 28 at scale 0 (100 %), 100 at scale 1 (100 %), 388 at scale 2"),
        report);
    assertTrue(
        report.lines().anyMatch(line -> line.matches(" +34 % of the finest.* \\(3[1-7] %\\)")),
        report);
    assertTrue(report.contains("peak memory of the process: "), report);
    assertEquals(7, dry.err().lines().filter(line -> line.startsWith("Step ")).count());
    assertFalse(Files.exists(out.getParent()));
    assertFalse(Files.exists(cache));
  }

  @Test
  void expressionsThatAreCutAreTold() throws IOException {
    Path data = directory.resolve("data.csv");
    String text =
        Files.readString(data).replaceFirst("the white square", "the elephant" + " the".repeat(18));
    Files.writeString(data, text);
    Run dry = train("--dry-run", "--batch", "4", "--steps", "10");
    String cut =
        "1 of 22 expressions have more than the 16 tokens that are read, [CLS] and [SEP] included; the longest has 22";
    assertTrue(dry.out().contains(cut), dry.out());
    assertTrue(dry.out().contains("2 of 81 words (2.47 %) are unknown"), dry.out());
    Run run = train("--batch", "4", "--steps", "1", "--validation-pairs", "2");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.err().contains(cut), run.err());
    assertTrue(run.err().contains("max_text_length of --config"), run.err());
    assertTrue(run.err().contains("2 of 81 words"), run.err());
  }

  @Test
  void failsAsTheRunWould() throws IOException {
    Run none = train("--dry-run", "--batch", "50");
    assertEquals(1, none.code());
    assertTrue(none.err().contains("21 usable pairs found, expected at least 50"), none.err());
    assertEquals(2, train("--dry-run", "--steps", "0").code());
    Files.createDirectories(out.getParent());
    Files.writeString(out, "a file");
    Run file = train("--dry-run");
    assertEquals(1, file.code());
    assertTrue(file.err().contains(out.toString()), file.err());
  }
}
