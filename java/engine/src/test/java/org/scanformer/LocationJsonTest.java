package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.cpu.CpuProbe;
import org.scanformer.internal.json.JsonNames;

/** A mapper without any configuration writes answers, and reads them back. */
class LocationJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Location ANSWER =
      new Location(
          new Box(50, 15, 100, 10),
          new NormalizedBox(0.5f, 0.25f, 0.5f, 0.125f),
          0.93f,
          true,
          List.of(
              new Candidate(
                  new Box(0, 0, 50, 10), new NormalizedBox(0.125f, 0.0625f, 0.25f, 0.125f), 0.5f)),
          List.of(new UnknownWord("cirlce", List.of("circle"))),
          true,
          Schedule.FINAL_ONLY,
          BackendKind.CPU,
          Precision.FP32,
          List.of(
              new ScaleResult(0, PatchMask.all(1, 2), null, Float.NaN, false, 1_020_000),
              new ScaleResult(
                  1,
                  PatchMask.parse(2, 4, "01100000"),
                  new NormalizedBox(0.5f, 0.25f, 0.5f, 0.125f),
                  0.93f,
                  true,
                  7)),
          new Timings(310_001, 880_000, 3_400_000));

  private static final String TEXT =
      """
      {"found": true, "score": 0.93,
       "box": {"x": 50.0, "y": 15.0, "width": 100.0, "height": 10.0},
       "box_cxcywh": [0.5, 0.25, 0.5, 0.125],
       "candidates": [{"score": 0.5, "box": {"x": 0.0, "y": 0.0, "width": 50.0, "height": 10.0},
                       "box_cxcywh": [0.125, 0.0625, 0.25, 0.125]}],
       "unknown_words": [{"word": "cirlce", "suggestions": ["circle"]}], "truncated": true,
       "backend": "cpu", "precision": "fp32", "schedule": "final-only",
       "scales": [
         {"scale": 0, "rows": 1, "cols": 2, "selected": 2, "total": 2, "mask": "11",
          "box_cxcywh": null, "score": null, "found": null, "ms": 1.02},
         {"scale": 1, "rows": 2, "cols": 4, "selected": 2, "total": 8, "mask": "01100000",
          "box_cxcywh": [0.5, 0.25, 0.5, 0.125], "score": 0.93, "found": true, "ms": 7.0E-6}],
       "timings_ms": {"pyramid": 0.310001, "final": 0.88, "total": 3.4}}
      """;

  @Test
  void anAnswerHasTheDocumentedShape() throws Exception {
    assertEquals(JSON.readTree(TEXT), JSON.readTree(JSON.writeValueAsString(ANSWER)));
    // Fields keep their order, which people who read lines rely on.
    assertEquals(JSON.readTree(TEXT).toString(), JSON.writeValueAsString(ANSWER));
  }

  @Test
  void anAnswerIsReadBack() throws Exception {
    assertEquals(ANSWER, JSON.readValue(TEXT, Location.class));
    assertEquals(ANSWER, JSON.readValue(JSON.writeValueAsString(ANSWER), Location.class));
    assertEquals(ANSWER, Location.fromMap(ANSWER.toMap()));
    // A line of the command line's has more fields.
    Map<String, Object> more = new LinkedHashMap<>(ANSWER.toMap());
    more.put("line", 7);
    assertEquals(ANSWER, Location.fromMap(more));
  }

  @Test
  void answersWithoutScoreOrScalesAreReadBack() throws Exception {
    Image image = Image.of(java.nio.ByteBuffer.allocate(12), PixelFormat.RGB, 2, 2);
    Location fake = Location.of(image, new Box(0, 0, 1, 2), Double.NaN);
    String text = JSON.writeValueAsString(fake);
    assertTrue(text.contains("\"score\":null"), text);
    assertEquals(fake, JSON.readValue(text, Location.class));
  }

  @Test
  void thePartsOfAnAnswerAreReadBackByThemselves() throws Exception {
    ScaleResult scale = ANSWER.scales().get(1);
    for (Object part :
        List.of(
            ANSWER.box(),
            ANSWER.normalizedBox(),
            scale,
            scale.mask(),
            ANSWER.timings(),
            ANSWER.candidates().get(0),
            ANSWER.unknownWords().get(0),
            CpuProbe.probe())) {
      assertEquals(part, JSON.readValue(JSON.writeValueAsString(part), part.getClass()));
    }
    JsonNode inAnswer = JSON.readTree(TEXT).at("/scales/1");
    assertEquals(inAnswer, JSON.readTree(JSON.writeValueAsString(scale)));
  }

  @Test
  void constantsHaveOneName() {
    for (Enum<?>[] constants :
        List.of(BackendKind.values(), Precision.values(), Schedule.values())) {
      for (Enum<?> constant : constants) {
        assertEquals(JsonNames.of(constant), JSON.valueToTree(constant).textValue());
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedByItsField() {
    assertRefused("box", "wrong", "Location: box is wrong, expected an object");
    assertRefused("box_cxcywh", List.of(1, 2), "has 4 numbers, found 2");
    assertRefused("score", "high", "score is high, expected a number");
    assertRefused("found", null, "found is null, expected true or false");
    assertRefused("schedule", "final", "schedule is final, expected the name of a Schedule");
    assertRefused(
        "candidates",
        List.of(Map.of("box", "x")),
        "Location.candidates: box is x, expected an object");
    assertRefused("scales", List.of("x"), "expected a list of objects");
    assertRefused(
        "scales",
        List.of(Map.of("scale", 0.5)),
        "Location.scales: scale is 0.5, expected a whole number");
    assertRefused(
        "unknown_words",
        List.of(Map.of("word", "x", "suggestions", List.of(1))),
        "expected a list of texts");
    assertRefused("timings_ms", Map.of(), "Location.timings_ms: pyramid is nothing");
  }

  private static void assertRefused(String field, Object value, String words) {
    Map<String, Object> json = new LinkedHashMap<>(ANSWER.toMap());
    json.put(field, value);
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> Location.fromMap(json));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }
}
