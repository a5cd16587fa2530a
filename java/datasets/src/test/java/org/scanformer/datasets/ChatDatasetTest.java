package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;

/** Conversations in the forms of Qwen-VL, Qwen2-VL, Qwen2.5-VL and LLaVA. */
class ChatDatasetTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String DOG = "{\"bbox_2d\": [1, 2, 3, 4], \"label\": \"the dog\"}";

  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("a.jpg"), 200, 100);
  }

  private ReferringDataset open(DataForm form, Object... records) throws IOException {
    Path file = root.resolve("q.json");
    Files.write(file, JSON.writeValueAsBytes(List.of(records)));
    return form.open(file, null, null, null);
  }

  private static Object messages(String question, String answer) {
    return Map.of(
        "images",
        List.of("a.jpg"),
        "messages",
        List.of(
            Map.of("role", "user", "content", question),
            Map.of("role", "assistant", "content", answer)));
  }

  /** The image is 200 x 100, so a thousandth is 0.2 and 0.1 pixels. */
  @Test
  void readsTagsInThousandths() throws IOException {
    ReferringDataset dataset =
        open(
            DataForm.QWEN,
            Map.of(
                "id",
                "identity_0",
                "conversations",
                List.of(
                    Map.of("from", "user", "value", "Picture 1: <img>a.jpg</img>\nBox the shirt"),
                    Map.of(
                        "from",
                        "assistant",
                        "value",
                        "<ref>the shirt</ref><box>(100,500),(600,900)</box> and <ref>two dogs</ref>"
                            + "<box>(0,0),(500,500)</box><box>(500, 0), (1000,500)</box>"))),
            messages(
                "<image>Find <|object_ref_start|>the cat<|object_ref_end|>",
                "<|box_start|>(250,250),(750,750)<|box_end|>"));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(List.of("the shirt", "two dogs", "the cat"), TestPictures.expressions(dataset));
    assertEquals(new Box(20, 50, 100, 40), dataset.pair(0).box());
    assertEquals(
        List.of(new Box(0, 0, 100, 50), new Box(100, 0, 100, 50)), dataset.pair(1).targets());
    assertEquals(new Box(50, 25, 100, 50), dataset.pair(2).box());
    assertEquals(
        List.of(
            "q.json record 0 turn 1",
            "q.json record 0 turn 1 expression 2",
            "q.json record 1 turn 1"),
        TestPictures.ids(dataset));
  }

  @Test
  void readsJsonInPixelsOrThousandths() throws IOException {
    Object record =
        Map.of(
            "image",
            "a.jpg",
            "conversations",
            List.of(
                Map.of("from", "human", "value", "<image>\nLocate the house."),
                Map.of(
                    "from",
                    "gpt",
                    "value",
                    "```json\n[{\"bbox_2d\": [20, 10, 120, 60], \"label\": \"the house\"},"
                        + " {\"bbox_2d\": [100, 50, 200, 100], \"label\": \"a tree\"}]\n```")));
    ReferringDataset pixels = open(DataForm.QWEN_PIXELS, record);
    assertEquals(List.of(), pixels.badRecords());
    assertEquals(List.of("the house", "a tree"), TestPictures.expressions(pixels));
    assertEquals(new Box(20, 10, 100, 50), pixels.pair(0).box());
    assertEquals(new Box(4, 1, 20, 5), open(DataForm.QWEN, record).pair(0).box());
  }

  /** Answers may have an object on each line, or a list for each thing that was asked for. */
  @Test
  void readsEveryValueOfAnAnswer() throws IOException {
    ReferringDataset dataset =
        open(
            DataForm.QWEN_PIXELS,
            messages(
                "<image>",
                "The dog:\n```json\n"
                    + DOG
                    + "\n{\"bbox_2d\": [5, 6, 9, 9], \"label\": \"a ] \\\" }\"},\n```\nand cats: [{\"bbox_2d\":"
                    + " [5, 6, 7, 8], \"label\": \"cats\"}, {\"bbox_2d\": [1, 2, 9, 9], \"label\":"
                    + " \"cats\"}], as \"bbox_2d\" [see above}"));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(List.of("the dog", "a ] \" }", "cats"), TestPictures.expressions(dataset));
    assertEquals(2, dataset.pair(2).targets().size());
  }

  @Test
  void readsContentInParts() throws IOException {
    ReferringDataset dataset =
        open(
            DataForm.QWEN_PIXELS,
            Map.of(
                "messages",
                List.of(
                    Map.of(
                        "role",
                        "user",
                        "content",
                        List.of(
                            Map.of("type", "image", "image", "file://a.jpg"),
                            Map.of("type", "text", "text", "Where is it?"))),
                    Map.of(
                        "role",
                        "assistant",
                        "content",
                        List.of(
                            Map.of(
                                "type",
                                "text",
                                "text",
                                "{\"bbox_2d\": [1, 2, 4, 6], \"label\": \"it\"}"))))));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(new Box(1, 2, 3, 4), dataset.pair(0).box());
  }

  @Test
  void tellsWhatItLeavesOut() throws IOException {
    ReferringDataset dataset =
        open(
            DataForm.QWEN,
            messages("<image>What is it?", "A dog."),
            messages(
                "<image>", "<ref>the dog</ref> runs to <ref>a cat</ref><box>(1,1),(9,9)</box>"),
            messages("<image>", "<box>(1,1),(9,9)</box>"),
            messages("<image>", "<ref>the dog</ref><box>(1,1),(1200,9)</box>"),
            messages("<image>", "<ref>the dog</ref><box>nowhere</box>"),
            messages("<image>", "<ref>the dog<box>(1,1),(9,9)</box>"),
            messages("<image>", "{\"bbox_2d\": [1, 2, 3"),
            messages("<image>", "{\"bbox_2d\": [1, 2, 3], \"label\": \"x\"}"),
            messages("<image>", "{\"bbox_2d\": [9, 9, 1, 1], \"label\": \"x\"}"),
            messages("<image>", "<ref>dogs</ref><box>(1,1),(9,9)(10,1),(x,9)</box>"),
            messages("<image>", "<ref>dogs</ref><box>(1,1),(9,9) or (10,1),(19,9)</box>"),
            messages("<image>", DOG + " and {\"bbox_2d\": [1, 2"),
            messages("<image>", "[" + DOG + ", {\"parts\": [" + DOG + "]}]"),
            messages("<image>", DOG.replace("}", ", \"bbox_2d\": [1, 2, 4, 5]}")),
            messages("<image>", DOG + " <ref>a cat</ref><box>(1,1),(9,9)</box>"),
            Map.of("messages", List.of(), "images", List.of("a.jpg", "b.jpg")),
            Map.of("messages", List.of()),
            Map.of("images", List.of("a.jpg")));
    assertEquals(List.of("a cat"), TestPictures.expressions(dataset));
    assertEquals(
        List.of(
            "NO_BOX q.json record 0",
            "NO_BOX q.json record 1 turn 1",
            "EXPRESSION q.json record 2 turn 1",
            "BOX q.json record 3 turn 1",
            "BOX q.json record 4 turn 1",
            "RECORD q.json record 5 turn 1",
            "RECORD q.json record 6 turn 1",
            "BOX q.json record 7 turn 1",
            "BOX q.json record 8 turn 1",
            "BOX q.json record 9 turn 1",
            "BOX q.json record 10 turn 1",
            "RECORD q.json record 11 turn 1",
            "RECORD q.json record 12 turn 1",
            "RECORD q.json record 13 turn 1",
            "RECORD q.json record 14 turn 1",
            "RECORD q.json record 15",
            "RECORD q.json record 16",
            "RECORD q.json record 17"),
        TestPictures.bad(dataset));
    assertTrue(
        TestPictures.problem(dataset, "q.json record 3 turn 1").contains("the form is qwen-pixels"),
        dataset.badRecords()::toString);
  }

  /** Where time grows with the square of the length, this does not end. */
  @Test
  void readsLongNonsense() throws IOException {
    String many = "<ref><img>[/EN#<box>".repeat(200_000);
    String values = "[]{}".repeat(200_000) + "{\"bbox_2d\"";
    for (String text : List.of(many, values)) {
      assertEquals(1, open(DataForm.QWEN, messages(text, text)).badRecords().size());
    }
  }
}
