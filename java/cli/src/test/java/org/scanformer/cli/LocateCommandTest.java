package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.scanformer.cli.CommandLineRun.FLOAT64_BOX;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.locate;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code locate} for one image: its answers, its JSON, its pictures and its refusals. */
class LocateCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  private static JsonNode json(CommandLineRun run) throws Exception {
    assertEquals(0, run.code(), run.err());
    assertEquals("", run.err());
    assertEquals(1, run.out().lines().count(), "one line");
    return JSON.readTree(run.out());
  }

  private static List<String> fields(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static double[] numbers(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asDouble();
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"per-scale", "final-only"})
  void theAnswerIsTheFloat64Runs(String schedule) throws Exception {
    JsonNode answer = json(locate("--json", "--schedule", schedule));
    assertArrayEquals(FLOAT64_BOX, numbers(answer.get("box_cxcywh")), 2e-4);
    assertEquals(schedule, answer.get("schedule").asText());
    assertEquals("cpu", answer.get("backend").asText());
    assertEquals("fp32", answer.get("precision").asText());
    // The picture is 640 x 480: the box in pixels is the relative one, corner and size.
    BufferedImage picture = ImageIO.read(Path.of(IMAGE).toFile());
    double width = picture.getWidth();
    double height = picture.getHeight();
    JsonNode box = answer.get("box");
    assertEquals((FLOAT64_BOX[0] - FLOAT64_BOX[2] / 2) * width, box.get("x").asDouble(), 0.2);
    assertEquals((FLOAT64_BOX[1] - FLOAT64_BOX[3] / 2) * height, box.get("y").asDouble(), 0.2);
    assertEquals(FLOAT64_BOX[2] * width, box.get("width").asDouble(), 0.2);
    assertEquals(FLOAT64_BOX[3] * height, box.get("height").asDouble(), 0.2);
  }

  @Test
  void bf16IsClose() throws Exception {
    assumeTrue(run("devices").out().contains("bf16=true"), "needs AVX512-BF16");
    JsonNode answer = json(locate("--json", "--precision", "bf16"));
    assertEquals("bf16", answer.get("precision").asText());
    assertArrayEquals(FLOAT64_BOX, numbers(answer.get("box_cxcywh")), 2e-2);
  }

  @Test
  void theJsonHasItsFieldsAndNoOthers() throws Exception {
    JsonNode answer = json(locate("--json", "--schedule", "final-only"));
    assertEquals(
        List.of(
            "found",
            "score",
            "box",
            "box_cxcywh",
            "candidates",
            "unknown_words",
            "truncated",
            "backend",
            "precision",
            "schedule",
            "scales",
            "timings_ms"),
        fields(answer));
    assertEquals(List.of("x", "y", "width", "height"), fields(answer.get("box")));
    assertTrue(answer.get("score").isNumber());
    assertEquals(3, answer.get("scales").size());
    int side = 1;
    for (JsonNode scale : answer.get("scales")) {
      assertEquals(
          List.of(
              "scale",
              "rows",
              "cols",
              "selected",
              "total",
              "mask",
              "box_cxcywh",
              "score",
              "found",
              "ms"),
          fields(scale));
      String mask = scale.get("mask").asText();
      int rows = scale.get("rows").asInt();
      int cols = scale.get("cols").asInt();
      // An aspect of 4 : 3 with 3 patches on the long side: 2 x 3 patches, doubled at each scale.
      assertEquals(2 * side, rows);
      assertEquals(3 * side, cols);
      assertEquals(rows * cols, scale.get("total").asInt());
      assertEquals(rows * cols, mask.length());
      assertEquals(mask.chars().filter(c -> c == '1').count(), scale.get("selected").asInt());
      boolean last = scale.get("scale").asInt() == 2;
      assertEquals(last, scale.get("box_cxcywh").isArray(), "final-only: only the last box");
      assertEquals(last, scale.get("score").isNumber());
      side *= 2;
    }
    assertEquals(List.of("pyramid", "final", "total"), fields(answer.get("timings_ms")));
    assertTrue(answer.get("timings_ms").get("total").asDouble() > 0);
  }

  @Test
  void selectionOptions() throws Exception {
    for (JsonNode scale : json(locate("--json", "--all")).get("scales")) {
      assertEquals(scale.get("total").asInt(), scale.get("selected").asInt());
    }
    JsonNode capped = json(locate("--json", "--max-patches", "4"));
    assertEquals(4, capped.get("scales").get(1).get("selected").asInt());
    assertEquals(4, capped.get("scales").get(2).get("selected").asInt());
    int strict = json(locate("--json", "--threshold", "0.95")).at("/scales/1/selected").asInt();
    int lenient = json(locate("--json", "--threshold", "0.01")).at("/scales/1/selected").asInt();
    assertTrue(strict < lenient, strict + " < " + lenient);
  }

  @Test
  void threadsDoNotChangeTheAnswer() throws Exception {
    JsonNode one = json(locate("--json", "--threads", "1"));
    assertArrayEquals(FLOAT64_BOX, numbers(one.get("box_cxcywh")), 2e-4);
  }

  @Test
  void withoutJsonPeopleAreTold() {
    CommandLineRun run = locate();
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Looked for: " + TEXT), run.out());
    assertTrue(run.out().contains("Found at:   x 76.6, y 128.7"), run.out());
    assertTrue(run.out().contains("(cpu, fp32, final-only)"), run.out());
  }

  @Test
  void picturesAreWrittenWhereTheyWereAskedFor() throws Exception {
    Path overlay = directory.resolve("new/folder/overlay.png");
    Path seen = directory.resolve("seen.png");
    CommandLineRun run = locate("--out", overlay.toString(), "--seen", seen.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains(overlay.toString()) && run.out().contains(seen.toString()));
    assertTrue(run.out().contains("per-scale"), "the overlay asks for every scale's box");
    BufferedImage picture = ImageIO.read(overlay.toFile());
    BufferedImage source = ImageIO.read(Path.of(IMAGE).toFile());
    assertTrue(picture.getWidth() >= source.getWidth());
    assertTrue(picture.getHeight() > source.getHeight(), "the caption is below the image");
    assertTrue(ImageIO.read(seen.toFile()).getWidth() >= 3 * 4 * 16, "the finest canvas");
  }

  @Test
  void aPictureThatCannotBeWrittenIsAFailure() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    CommandLineRun run = locate("--out", file.resolve("overlay.png").toString());
    assertEquals(1, run.code());
    assertTrue(run.err().contains("could not be written"), run.err());
  }

  private static void assertUsage(CommandLineRun run, String words) {
    assertEquals(2, run.code(), run.err());
    assertTrue(run.err().contains(words), run.err());
    assertEquals("", run.out());
  }

  @Test
  void wrongUsageIsCodeTwo() {
    assertUsage(run("locate"), "An image and an expression are missing");
    assertUsage(run("locate", "--model", MODEL, TEXT), "The image is missing");
    assertUsage(run("locate", "--text", TEXT), "The image is missing");
    assertUsage(run("locate", IMAGE), "The expression is missing");
    assertUsage(run("locate", "--image", IMAGE), "The expression is missing");
    assertUsage(run("locate", IMAGE, IMAGE), "The expression is missing");
    assertUsage(locate("--nonsense"), "--nonsense");
    assertUsage(locate("--threshold", "0.5", "--all"), "mutually exclusive");
    assertUsage(locate("--max-patches", "5", "--all"), "mutually exclusive");
    assertUsage(locate("--batch", "x.jsonl"), "--batch cannot be used with an image");
    assertUsage(locate("--precision", "fp12"), "fp12");
    assertUsage(run("locate", "--backend", "tpu"), "tpu");
    assertUsage(locate("--backend", "cpu"), "--backend");
    assertUsage(locate("--schedule", "sometimes"), "expected per-scale or final-only");
    assertUsage(locate("--max-patches", "many"), "many");
    assertUsage(locate("--threshold", "1"), "found 1.0");
    assertUsage(locate("--max-patches", "-1"), "found -1");
    assertUsage(locate("--threads", "-2"), "found -2");
    assertUsage(
        run("locate", "--model", MODEL, "--batch", "x.jsonl", "--out", "o.png"),
        "--out and --seen need one image, found --batch");
  }

  private static void assertFailure(CommandLineRun run, String words) {
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().startsWith("scanformer: "), run.err());
    assertTrue(run.err().contains(words), run.err());
    assertEquals(1, run.err().lines().count(), "one line, no stack trace: " + run.err());
    assertEquals("", run.out());
  }

  @Test
  void failuresAreCodeOneAndALineOnStandardError() throws Exception {
    assertFailure(run("locate", "--model", "nowhere", "--image", IMAGE, "--text", TEXT), "nowhere");
    assertFailure(run("locate", "--model", MODEL, "--image", "no.png", "--text", TEXT), "no.png");
    Path corrupt = Files.writeString(directory.resolve("corrupt.png"), "this is no picture");
    assertFailure(
        run("locate", "--model", MODEL, "--image", corrupt.toString(), "--text", TEXT),
        "corrupt.png");
    assertUsage(run("locate", "--model", MODEL, "--image", IMAGE, "--text", " "), "blank");
    assertFailure(
        run("locate", "--backend", "cuda", "--model", MODEL, "--image", IMAGE, "--text", TEXT),
        "CUDA device 0 is not usable");
    assertFailure(locate("--precision", "fp16"), "fp32 or bf16, found FP16");
  }

  @Test
  void aFailedRunLeavesNoPicture() {
    Path overlay = directory.resolve("overlay.png");
    run("locate", "--model", MODEL, "--image", IMAGE, "--text", "", "--out", overlay.toString());
    assertFalse(Files.exists(overlay));
  }
}
