package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.FLOAT64_BOX;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code locate --batch}: a line out for every line in, whatever it holds. */
class BatchRunTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private Path image;

  @BeforeEach
  void copyImage() throws Exception {
    image = Files.copy(Path.of(CommandLineRun.IMAGE), directory.resolve("bild ä.png"));
  }

  private static String line(String imageFile, String text) {
    return JSON.createObjectNode().put("image", imageFile).put("text", text).toString();
  }

  private CommandLineRun batch(List<String> lines) throws Exception {
    Path file = Files.write(directory.resolve("pairs.jsonl"), lines);
    return run("locate", "--backend", "cpu", "--model", MODEL, "--batch", file.toString());
  }

  private static List<JsonNode> parse(CommandLineRun run) throws Exception {
    List<JsonNode> nodes = new ArrayList<>();
    for (String out : run.out().lines().toList()) {
      nodes.add(JSON.readTree(out));
    }
    return nodes;
  }

  private static void assertFound(JsonNode node, int line) {
    assertNull(node.get("error"), node.toString());
    assertEquals(line, node.get("line").asInt());
    assertEquals(FLOAT64_BOX[0], node.get("box_cxcywh").get(0).asDouble(), 2e-4);
  }

  private static void assertError(JsonNode node, int line, String code, String words) {
    assertEquals(line, node.get("line").asInt());
    assertNull(node.get("box"), node.toString());
    assertEquals(code, node.get("error").get("code").asText());
    String message = node.get("error").get("message").asText();
    assertTrue(message.startsWith("line " + line + ": ") && message.contains(words), message);
  }

  @Test
  void moreLinesThanRunTogetherAreAnsweredInOrder() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      lines.add(line(i % 2 == 0 ? "bild ä.png" : image.toString(), TEXT));
    }
    CommandLineRun run = batch(lines);
    assertEquals(0, run.code(), run.err());
    List<JsonNode> out = parse(run);
    assertEquals(20, out.size());
    for (int i = 0; i < 20; i++) {
      assertFound(out.get(i), i + 1);
      assertEquals(TEXT, out.get(i).get("text").asText());
    }
  }

  @Test
  void aBadLineCostsItselfAlone() throws Exception {
    CommandLineRun run =
        batch(
            List.of(
                line("bild ä.png", TEXT),
                "",
                "{\"image\": ",
                line("missing.png", TEXT),
                "{\"image\": 7, \"text\": \"x\"}",
                "{\"text\": \"x\"}",
                "[1]",
                line("bild ä.png", "  "),
                line("bild ä.png", "größte 紅 🚗"),
                line("bild ä.png", TEXT) + " " + line("bild ä.png", "small plus"),
                line("bild ä.png", TEXT)));
    assertEquals(1, run.code());
    List<JsonNode> out = parse(run);
    assertEquals(10, out.size(), "a blank line has no answer");
    assertFound(out.get(0), 1);
    assertError(out.get(1), 3, "BAD_INPUT", "not JSON");
    assertError(out.get(2), 4, "BAD_INPUT", "missing.png");
    assertError(out.get(3), 5, "BAD_INPUT", "found \"image\": 7");
    assertError(out.get(4), 6, "BAD_INPUT", "found no \"image\"");
    assertError(out.get(5), 7, "BAD_INPUT", "expected an object");
    assertError(out.get(6), 8, "BAD_INPUT", "blank");
    assertTrue(out.get(7).has("box"), "any words are an expression");
    assertEquals("größte 紅 🚗", out.get(7).get("text").asText());
    assertError(out.get(8), 10, "BAD_INPUT", "not JSON");
    assertFound(out.get(9), 11);
  }

  @Test
  void anEmptyFileHasNoAnswers() throws Exception {
    CommandLineRun run = batch(List.of());
    assertEquals(0, run.code(), run.err());
    assertEquals("", run.out());
  }

  @Test
  void aFileThatIsNotThereIsAFailure() {
    CommandLineRun run =
        run("locate", "--model", MODEL, "--batch", directory.resolve("none").toString());
    assertEquals(1, run.code());
    assertTrue(run.err().contains("none does not exist or is not a file"), run.err());
  }

  @Test
  void aFileThatIsNotTextIsAFailure() throws Exception {
    Path file = Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 10});
    CommandLineRun run = run("locate", "--model", MODEL, "--batch", file.toString());
    assertEquals(1, run.code());
    assertError(parse(run).get(0), 1, "BAD_INPUT", "not UTF-16LE");
  }
}
