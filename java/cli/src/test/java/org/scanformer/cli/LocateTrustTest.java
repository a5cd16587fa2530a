package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code locate} tells what was not found, and what the model did not read of an expression. */
class LocateTrustTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MISSPELT = "the red cirlce";
  private static final String KNOWN_WORD = "\"cirlce\" (did you mean \"circle\"?)";
  private static final String LONG = "the red circle left of ".repeat(20) + "the star";

  @TempDir private Path directory;

  private static CommandLineRun locate(String... arguments) {
    List<String> all = new ArrayList<>(List.of("locate", "--backend", "cpu", "--model", MODEL));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  @Test
  void anObjectThatIsNotFoundIsNoFailureUnlessItIsRequired() throws Exception {
    CommandLineRun text = locate(IMAGE, TEXT, "--found-threshold", "1");
    assertEquals(0, text.code(), text.err());
    assertTrue(text.out().lines().anyMatch(line -> line.matches("Not found \\(score 0\\.\\d+\\)")));
    assertFalse(text.out().contains("Found at"), text.out());
    CommandLineRun json = locate(IMAGE, TEXT, "--found-threshold", "1", "--json", "--require");
    assertEquals(1, json.code());
    assertEquals("", json.err());
    JsonNode answer = JSON.readTree(json.out());
    assertFalse(answer.get("found").booleanValue());
    assertTrue(answer.get("score").isNumber());
    CommandLineRun found = locate(IMAGE, TEXT, "--found-threshold", "0", "--json", "--require");
    assertEquals(0, found.code());
    assertTrue(JSON.readTree(found.out()).get("found").booleanValue());
    CommandLineRun usage = locate(IMAGE, TEXT, "--found-threshold", "1.5");
    assertEquals(2, usage.code());
    assertTrue(usage.err().contains("--found-threshold must be 0 to 1, found 1.5"), usage.err());
  }

  @Test
  void aThresholdOfAModelWithoutScoresIsRefusedByTheOptionsName() throws Exception {
    Path model = ScorelessModel.writeInto(directory);
    for (List<String> images : List.of(List.of(IMAGE), List.of(IMAGE, IMAGE))) {
      List<String> arguments = new ArrayList<>(List.of("locate", "--backend", "cpu"));
      arguments.addAll(images);
      arguments.addAll(List.of(TEXT, "--model", model.toString(), "--found-threshold", "0.5"));
      CommandLineRun run = run(arguments.toArray(String[]::new));
      assertEquals(1, run.code());
      assertEquals("", run.out());
      assertTrue(run.err().startsWith("scanformer: --found-threshold needs a model"), run.err());
    }
  }

  /** What everybody tries first is a photograph of their own. */
  @Test
  void whoNamesNoModelIsToldWhichFoundNothing() {
    String hint = "--model photos is for photographs";
    CommandLineRun none = CommandLineRun.run("locate", "--threads", "0", IMAGE, "the pink ring");
    assertTrue(none.out().contains("Not found"), none.out());
    assertTrue(none.err().contains(hint), none.err());
    CommandLineRun json = CommandLineRun.run("locate", "--json", IMAGE, "the pink ring");
    assertFalse(json.err().contains(hint), json.err());
  }

  @Test
  void eachOfSeveralImagesTellsIt() {
    CommandLineRun run = locate(IMAGE, IMAGE, TEXT, "--found-threshold", "1");
    assertEquals(0, run.code(), run.err());
    assertEquals(2, run.out().lines().count(), run.out());
    assertTrue(run.out().lines().allMatch(line -> line.contains(": not found (score 0.")));
    assertEquals(1, locate(IMAGE, IMAGE, TEXT, "--found-threshold", "1", "--require").code());
    assertEquals(0, locate(IMAGE, IMAGE, TEXT, "--found-threshold", "0", "--require").code());
  }

  @Test
  void unknownWordsAreToldWithTheAnswer() throws Exception {
    CommandLineRun one = locate(IMAGE, MISSPELT);
    assertEquals(0, one.code());
    assertTrue(one.err().startsWith("scanformer: The model does not know " + KNOWN_WORD));
    assertEquals(1, one.err().lines().count(), one.err());
    CommandLineRun several = locate(IMAGE, IMAGE, MISSPELT);
    assertEquals(1, several.err().lines().count(), "once for all images: " + several.err());
    CommandLineRun json = locate(IMAGE, MISSPELT, "--json");
    assertEquals("", json.err());
    JsonNode word = JSON.readTree(json.out()).at("/unknown_words/0");
    assertEquals("cirlce", word.get("word").asText());
    assertEquals("circle", word.get("suggestions").get(0).asText());
    assertEquals("", locate(IMAGE, TEXT).err(), "known words are no matter");
  }

  @Test
  void thatNothingIsKnownIsSaid() {
    String elephant = locate(IMAGE, "Elephant").err();
    assertTrue(elephant.contains("\"Elephant\". It knows nothing of the expression"), elephant);
    String marks = locate(IMAGE, "!!! ???").err();
    assertTrue(marks.contains("\"!\", \"?\". It knows nothing of the expression"), marks);
    assertEquals("", locate(IMAGE, TEXT + "!").err(), "a mark is no word");
    assertEquals(0, locate(IMAGE, TEXT + "!", "--strict-words").code());
  }

  @Test
  void aCutExpressionIsToldWithTheAnswer() throws Exception {
    CommandLineRun text = locate(IMAGE, LONG);
    assertEquals(0, text.code());
    assertTrue(text.err().contains("longer than the model reads"), text.err());
    JsonNode json = JSON.readTree(locate(IMAGE, LONG, "--json").out());
    assertTrue(json.get("truncated").booleanValue());
  }

  @Test
  void strictWordsRefusesBoth() {
    for (String expression : List.of(MISSPELT, LONG)) {
      CommandLineRun run = locate(IMAGE, expression, "--strict-words");
      assertEquals(1, run.code());
      assertEquals("", run.out());
      assertEquals(1, run.err().lines().count(), run.err());
    }
    assertTrue(locate(IMAGE, MISSPELT, "--strict-words").err().contains(KNOWN_WORD));
    String many = "elefant girafe hipo ".repeat(100) + "x".repeat(900);
    String message = locate(IMAGE, many, "--strict-words").err();
    assertTrue(message.length() < 400, message);
    assertEquals(0, locate(IMAGE, TEXT, "--strict-words").code());
  }

  @Test
  void batchRecordsTellAllOfIt() throws Exception {
    List<String> lines = new ArrayList<>();
    for (String expression : List.of(TEXT, MISSPELT, LONG)) {
      lines.add(
          JSON.createObjectNode()
              .put("image", Path.of(IMAGE).toAbsolutePath().toString())
              .put("text", expression)
              .toString());
    }
    Path batch = Files.write(directory.resolve("pairs.jsonl"), lines);
    List<JsonNode> records = records(locate("--batch", batch.toString()), 0);
    assertTrue(records.get(0).get("found").booleanValue());
    assertEquals(0, records.get(0).get("unknown_words").size());
    assertEquals("cirlce", records.get(1).at("/unknown_words/0/word").asText());
    assertTrue(records.get(2).get("truncated").booleanValue());
    records = records(locate("--batch", batch.toString(), "--strict-words"), 1);
    assertTrue(records.get(0).has("box"));
    assertTrue(records.get(1).at("/error/message").asText().contains(KNOWN_WORD));
    assertTrue(records.get(2).has("error"));
    records(locate("--batch", batch.toString(), "--found-threshold", "1", "--require"), 1);
  }

  private static List<JsonNode> records(CommandLineRun run, int code) throws Exception {
    assertEquals(code, run.code(), run.err());
    List<JsonNode> records = new ArrayList<>();
    for (String line : run.out().lines().toList()) {
      records.add(JSON.readTree(line));
    }
    assertEquals(3, records.size());
    return records;
  }
}
