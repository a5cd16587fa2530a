package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

class OdvgDatasetTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("a.jpg"), 40, 30);
  }

  private ReferringDataset odvg(String... lines) throws IOException {
    Path file = Files.writeString(root.resolve("o.jsonl"), String.join("\n", lines));
    return DataForm.ODVG.open(file, null, null, null);
  }

  private static String line(String rest) {
    return "{\"filename\": \"a.jpg\", \"height\": 30, \"width\": 40, " + rest + "}";
  }

  /** Boxes are corners; a region may have a list of them, or a phrase several regions. */
  @Test
  void readsPhrasesOfRegions() throws IOException {
    ReferringDataset dataset =
        odvg(
            line(
                "\"grounding\": {\"caption\": \"a dog and two cats\", \"regions\": ["
                    + "{\"phrase\": \"a dog\", \"bbox\": [1, 2, 11, 22]},"
                    + "{\"phrase\": \"two cats\", \"bbox\": [[5, 5, 9, 9], [20, 5, 29.5, 9]]},"
                    + "{\"phrase\": \"a dog\", \"bbox\": [30, 2, 40, 22]}]}"));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(List.of("a dog", "two cats"), TestPictures.expressions(dataset));
    assertEquals(List.of(new Box(1, 2, 10, 20), new Box(30, 2, 10, 20)), dataset.pair(0).targets());
    assertEquals(List.of(new Box(5, 5, 4, 4), new Box(20, 5, 9.5, 4)), dataset.pair(1).targets());
  }

  @Test
  void takesACategoryForItsOnlyInstance() throws IOException {
    ReferringDataset dataset =
        odvg(
            line(
                "\"detection\": {\"instances\": ["
                    + "{\"bbox\": [1, 2, 11, 22], \"label\": 3, \"category\": \"traffic_light\"},"
                    + "{\"bbox\": [5, 5, 9, 9], \"label\": 0, \"category\": \"person\"},"
                    + "{\"bbox\": [6, 6, 9, 9], \"label\": 0, \"category\": \"person\"}]}"));
    assertEquals(List.of("traffic light"), TestPictures.expressions(dataset));
    assertEquals(new Box(1, 2, 10, 20), dataset.pair(0).box());
    assertEquals(3, dataset.pair(0).image().objects().size());
    assertEquals(List.of("AMBIGUOUS o.jsonl line 1 instance 1"), TestPictures.bad(dataset));
    assertEquals(2, dataset.badRecords().get(0).records());
  }

  /** So that a phrase is known to be of a dog, and that nobody says that there is none. */
  @Test
  void phrasesKnowTheInstancesOfTheirImage() throws IOException {
    String grounding =
        "\"grounding\": {\"regions\": [{\"phrase\": \"a wet dog\", \"bbox\": [1, 2, 11, 22]}]}";
    String detection =
        "\"detection\": {\"instances\": [{\"bbox\": [1, 2, 11, 22], \"category\": \"dog\"},"
            + " {\"bbox\": [20, 2, 31, 22], \"category\": \"cat\"}]}";
    List<ImageObject> objects =
        List.of(
            new ImageObject(new Box(1, 2, 10, 20), "dog", null),
            new ImageObject(new Box(20, 2, 11, 20), "cat", null));
    for (ReferringDataset dataset :
        List.of(odvg(line(grounding + ", " + detection)), odvg(line(grounding), line(detection)))) {
      assertEquals(List.of("a wet dog", "dog", "cat"), TestPictures.expressions(dataset));
      for (int i = 0; i < dataset.size(); i++) {
        assertEquals(objects, dataset.pair(i).image().objects());
      }
      assertEquals(1, dataset.annotatedImages().size());
    }
  }

  @Test
  void phrasesAloneHaveNoCategories() throws IOException {
    String grounding =
        "\"grounding\": {\"regions\": [{\"phrase\": \"a wet dog\", \"bbox\": [1, 2, 11, 22]}]}";
    assertEquals(List.of(), odvg(line(grounding)).annotatedImages());
    for (ExpressionSource source : List.of(ExpressionSource.BOXES, ExpressionSource.BOTH)) {
      Path file = root.resolve("o.jsonl");
      assertTrue(
          assertThrows(
                  ScanFormerException.class,
                  () -> DataForm.ODVG.open(file, null, null, null, source))
              .getMessage()
              .contains("expected boxes with categories"));
    }
  }

  /** "Dog" and "dog" are one name, and a man is a person. */
  @ParameterizedTest
  @CsvSource({"Dog, dog", "dogs, dog", "traffic_light, Traffic lights", "person, man"})
  void aNameThatAnotherMayMeanIsNoExpression(String first, String second) throws IOException {
    String instance = "{\"bbox\": [%s], \"category\": \"%s\"}";
    ReferringDataset dataset =
        odvg(
            line(
                "\"detection\": {\"instances\": ["
                    + instance.formatted("1, 2, 11, 22", first)
                    + ","
                    + instance.formatted("20, 2, 30, 22", second)
                    + "]}"));
    assertEquals(List.of(), TestPictures.expressions(dataset));
    assertEquals(
        List.of("AMBIGUOUS o.jsonl line 1 instance 0", "AMBIGUOUS o.jsonl line 1 instance 1"),
        TestPictures.bad(dataset));
    assertTrue(
        dataset.badRecords().get(0).problem().endsWith("found 2"), dataset.badRecords()::toString);
  }

  /** An instance without a usable box is in the image all the same, so its name is not unique. */
  @Test
  void tellsWhatItLeavesOut() throws IOException {
    ReferringDataset dataset =
        odvg(
            line(
                "\"grounding\": {\"regions\": ["
                    + "{\"phrase\": \"a dog\", \"bbox\": [0.1, 0.2, 0.5, 0.9]},"
                    + "{\"phrase\": \"a cat\", \"bbox\": [9, 9, 5, 5]},"
                    + "{\"phrase\": \"a cow\", \"bbox\": [\"1\", 2, 5, 5]},"
                    + "{\"phrase\": \" \", \"bbox\": [1, 2, 5, 5]},"
                    + "{\"bbox\": 7}]}, \"detection\": {\"instances\": ["
                    + "{\"bbox\": [1, 2, 3], \"category\": \"person\"},"
                    + "{\"bbox\": [1, 2, 11, 22], \"category\": \"person\"},"
                    + "{\"bbox\": [1, 2, 11, 22], \"label\": 3},"
                    + "{\"bbox\": [1, 2, 11, 22], \"category\": \"_\"}]}"),
            line("\"caption\": \"a dog\""),
            "{\"filename\": \"gone.jpg\", \"grounding\": {\"regions\": []}}",
            "{\"grounding\": {\"regions\": []}}",
            "{\"filename\": \"a.jpg\", \"height\": 30, \"width\": 90,"
                + " \"grounding\": {\"regions\": []}}");
    assertEquals(0, dataset.size());
    assertEquals(
        List.of(
            "BOX o.jsonl line 1 region 0",
            "BOX o.jsonl line 1 region 1",
            "BOX o.jsonl line 1 region 2",
            "EXPRESSION o.jsonl line 1 region 3",
            "BOX o.jsonl line 1 region 4",
            "BOX o.jsonl line 1 instance 0",
            "EXPRESSION o.jsonl line 1 instance 2",
            "EXPRESSION o.jsonl line 1 instance 3",
            "AMBIGUOUS o.jsonl line 1 instance 1",
            "RECORD o.jsonl line 2",
            "RECORD o.jsonl line 4",
            "RECORD o.jsonl line 5",
            "IMAGE o.jsonl"),
        TestPictures.bad(dataset));
    assertTrue(
        TestPictures.problem(dataset, "o.jsonl line 1 region 0")
            .contains("expected a box in pixels"),
        dataset.badRecords()::toString);
    assertTrue(
        TestPictures.problem(dataset, "o.jsonl line 1 region 1").contains("found [x1, y1, x2, y2]"),
        dataset.badRecords()::toString);
  }
}
