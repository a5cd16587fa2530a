package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.Box;

/** Exports as Label Studio's documentation writes them. */
class LabelStudioDatasetTest {
  @TempDir private Path root;

  @BeforeEach
  void writeImage() throws IOException {
    TestPictures.write(root.resolve("a.jpg"), 40, 20);
  }

  private ReferringDataset export(String... tasks) throws IOException {
    String text = "[" + String.join(",\n", tasks) + "]";
    Path file = Files.writeString(root.resolve("e.json"), text.replace('\'', '"'));
    DataDetector.Detected detected = DataDetector.detect(file);
    assertEquals(DataForm.LABEL_STUDIO, detected.form());
    return detected.form().open(file, null, null, null);
  }

  private static String task(String image, String annotations) {
    return "{'id': 7, 'data': {'image': '"
        + image
        + "'}, 'annotations': ["
        + annotations
        + "], 'predictions': []}";
  }

  private static String annotation(String... results) {
    return "{'id': 1001, 'was_cancelled': false, 'ground_truth': false, 'result': ["
        + String.join(",", results)
        + "]}";
  }

  /** A rectangle in percent of 40 by 20 pixels. */
  private static String rectangle(String id, String box, String labels) {
    String[] number = box.split(" ");
    return String.format(
        "{'id': '%s', 'type': 'rectanglelabels', 'from_name': 'label', 'to_name': 'image',"
            + " 'original_width': 40, 'original_height': 20, 'image_rotation': 0, 'value':"
            + " {'x': %s, 'y': %s, 'width': %s, 'height': %s, 'rotation': %s,"
            + " 'rectanglelabels': [%s]}}",
        id, number[0], number[1], number[2], number[3], number[4], labels);
  }

  private static String text(String id, String texts) {
    return "{'id': '" + id + "', 'type': 'textarea', 'value': {'x': 1, 'text': " + texts + "}}";
  }

  @Test
  void takesTheTextsOfARegionOrElseItsLabels() throws IOException {
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    rectangle("r1", "10 50 25 25 0", "'Car'"),
                    rectangle("r2", "50 50 25 25 0", "'Car'"),
                    text("r1", "['the red car', ' the left one ']"),
                    text("r2", "'the blue car'"),
                    rectangle("r3", "0 0 10 10 0", "'Traffic_light', 'Lamp', '_'"),
                    "{'from_id': 'r1', 'to_id': 'r2', 'type': 'relation', 'direction': 'right'}")));
    assertEquals(
        List.of("EXPRESSION e.json record 0 region r3 label 2"), TestPictures.bad(dataset));
    assertEquals(
        List.of("the red car", "the left one", "the blue car", "Traffic light", "Lamp"),
        TestPictures.expressions(dataset));
    assertEquals(new Box(4, 10, 10, 5), dataset.pair(0).box());
    assertEquals(new Box(20, 10, 10, 5), dataset.pair(2).box());
    assertEquals("Car", dataset.pair(1).kind());
    assertEquals("e.json record 0 region r1 text 1", dataset.pair(1).id());
    assertEquals("e.json record 0 region r3 label 1", dataset.pair(4).id());
  }

  /** So that nobody calls a sentence about a dog untrue of it. */
  @Test
  void choicesNameWhatMayBeInTheImage() throws IOException {
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    "{'id': 'c', 'type': 'choices', 'value': {'choices': ['dog', 'sunny']}}",
                    rectangle("r", "0 0 50 50 0", "'cat'"),
                    "{'id': 'r', 'type': 'choices', 'value': {'x': 1, 'choices': ['asleep']}}")));
    assertEquals("cat", dataset.pair(0).expression());
    AnnotatedImage image = dataset.annotatedImages().get(0);
    assertEquals(Set.of("dog", "sunny"), image.uncounted());
    assertFalse(image.nameless());
  }

  /** What somebody else saw may be there, but the objects of the used annotation are no others. */
  @Test
  void otherAnnotationsNameWhatMayBeInTheImage() throws IOException {
    String cat = rectangle("r", "0 0 50 50 0", "'cat'");
    String moved = rectangle("r", "5 0 50 50 0", "'Cats'");
    String second =
        annotation(
            moved,
            rectangle("s", "50 50 50 50 0", "'dog', 'pet'"),
            "{'id': 'p', 'type': 'polygonlabels', 'value': {'points': [[1, 2]],"
                + " 'polygonlabels': ['hen']}}",
            "{'id': 'c', 'type': 'choices', 'value': {'choices': ['sunny']}}",
            text("r", "['the left one']"));
    String skipped =
        annotation(rectangle("r", "0 0 9 9 0", "'cow'"))
            .replace("'was_cancelled': false", "'was_cancelled': true");
    String drafts = "], 'drafts': [" + annotation(rectangle("r", "0 0 9 9 0", "'pig'")) + "]";
    ReferringDataset dataset =
        export(
            task("a.jpg", annotation(cat) + "," + second + "," + skipped)
                .replace("], 'predictions'", drafts + ", 'predictions'"));
    assertEquals(List.of("cat"), TestPictures.expressions(dataset));
    AnnotatedImage image = dataset.annotatedImages().get(0);
    assertEquals(Set.of("dog", "pet", "hen", "sunny", "cow", "pig"), image.uncounted());
    assertFalse(image.nameless());
    assertEquals(1, image.image().objects().size());
  }

  @Test
  void otherAnnotationsMayHaveMoreOfACategoryOrWhatHasNoName() throws IOException {
    String cat = rectangle("r", "0 0 50 50 0", "'cat'");
    String again = rectangle("s", "2 0 50 50 0", "'cat'");
    String elsewhere = rectangle("s", "50 0 50 50 0", "'cat'");
    for (String more : List.of(cat + "," + again, elsewhere)) {
      AnnotatedImage image =
          export(task("a.jpg", annotation(cat) + "," + annotation(more))).annotatedImages().get(0);
      assertEquals(Set.of("cat"), image.uncounted());
    }
    String unnamed = rectangle("s", "2 0 50 50 0", "");
    assertFalse(
        export(task("a.jpg", annotation(cat) + "," + annotation(unnamed)))
            .annotatedImages()
            .get(0)
            .nameless());
    assertTrue(
        export(task("a.jpg", annotation(cat) + "," + annotation(cat, unnamed)))
            .annotatedImages()
            .get(0)
            .nameless());
  }

  /** An object that only one of the tasks boxes is there for the other too. */
  @Test
  void tasksOfAnImageShareItsObjects() throws IOException {
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    rectangle("r1", "0 0 50 50 0", "'dog'"),
                    rectangle("r2", "50 0 50 50 0", "'cat'"))),
            task(
                "a.jpg",
                annotation(
                    rectangle("r1", "0 50 50 50 0", "'Dog'"),
                    rectangle("r2", "50 50 50 50 0", "'cow'"))));
    assertEquals(List.of("cat", "cow"), TestPictures.expressions(dataset));
    assertEquals(List.of("AMBIGUOUS e.json record 0 region r1"), TestPictures.bad(dataset));
    for (int i = 0; i < dataset.size(); i++) {
      assertEquals(4, dataset.pair(i).image().objects().size());
    }
    assertEquals(1, dataset.annotatedImages().size());
    assertEquals(4, dataset.annotatedImages().get(0).image().objects().size());
  }

  /** A region may have its rectangle, its labels and its text from three tags. */
  @Test
  void joinsTheResultsOfARegion() throws IOException {
    String value = "'x': 50, 'y': 0, 'width': 50, 'height': 100";
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    "{'id': 'r', 'type': 'labels', 'value': {" + value + ", 'labels': ['Dog']}}",
                    "{'id': 'r', 'type': 'rectangle', 'value': {" + value + "}}")));
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(List.of("Dog"), TestPictures.expressions(dataset));
    assertEquals(new Box(20, 0, 20, 20), dataset.pair(0).box());
  }

  /** It turns about the top left corner, clockwise, in pixels: percents have no angles. */
  @Test
  void takesTheUprightBoxAroundATurnedOne() throws IOException {
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    rectangle("r1", "50 25 25 20 90", "'a'"),
                    rectangle("r2", "50 25 25 20 -30", "'b'"))));
    CvatDatasetTest.assertNear(new Box(16, 5, 4, 10), dataset.pair(0).box());
    double rise = 10 * Math.sin(Math.PI / 6);
    double sideways = 4 * Math.sin(Math.PI / 6);
    double width = 10 * Math.cos(Math.PI / 6) + sideways;
    double height = rise + 4 * Math.cos(Math.PI / 6);
    CvatDatasetTest.assertNear(
        new Box(20, Math.max(0, 5 - rise), width, height - Math.max(0, rise - 5)),
        dataset.pair(1).box());
  }

  @Test
  void takesTheFirstAnnotationThatIsNotSkippedOrTheTruth() throws IOException {
    String dog = rectangle("r", "0 0 50 50 0", "'dog'");
    String cat = rectangle("r", "0 0 50 50 0", "'cat'");
    String skipped = annotation(dog).replace("'was_cancelled': false", "'was_cancelled': true");
    String truth = annotation(cat).replace("'ground_truth': false", "'ground_truth': true");
    ReferringDataset dataset =
        export(
            task("a.jpg", skipped + "," + annotation(cat) + "," + annotation(dog)),
            task("a.jpg", annotation(dog, text("r", "'the dog'")) + "," + truth),
            task("a.jpg", skipped),
            task("a.jpg", "").replace("'predictions': [", "'predictions': [" + annotation(dog)),
            task("a.jpg", annotation()),
            task("a.jpg", ""));
    assertEquals(List.of("cat"), TestPictures.expressions(dataset));
    assertEquals(
        List.of(
            "NOT_CHOSEN e.json record 0 annotation 0",
            "NOT_CHOSEN e.json record 0 annotation 2",
            "NOT_CHOSEN e.json record 1 annotation 0",
            "REPEATED e.json record 1 region r",
            "NOT_CHOSEN e.json record 2 annotation 0",
            "NOT_CHOSEN e.json record 3 predictions 0"),
        TestPictures.bad(dataset));
  }

  @ParameterizedTest
  @CsvSource({
    "https://example.com/some/where/b%20c.jpg?key=a/b, b c.jpg",
    "/data/upload/1/0a1b2c3d-name.jpg, name.jpg",
    "/data/upload/1/0a1b2c3d-name.jpg, 0a1b2c3d-name.jpg",
    "/data/local-files/?d=set%2Ftwo/d.jpg, two/d.jpg",
    "s3://bucket/key/e.png, e.png",
    "C:/Users/me/f.jpg, f.jpg",
    "what?.jpg, what?.jpg"
  })
  void findsTheImageByItsName(String location, String name) throws IOException {
    TestPictures.write(root.resolve("images").resolve(name), 40, 20);
    ReferringDataset dataset =
        export(task(location, annotation(rectangle("r", "0 0 50 50 0", "'dog'"))));
    assertEquals(List.of(), dataset.badRecords());
    assertTrue(dataset.pair(0).image().name().endsWith(name), dataset.pair(0).image().name());
  }

  @Test
  void takesTheOnlyFieldThatNamesAnImage() throws IOException {
    String task = task("a.jpg", annotation(rectangle("r", "0 0 50 50 0", "'dog'")));
    ReferringDataset dataset =
        export(
            task.replace("'image': 'a.jpg'", "'url': 'https://a.b/a.JPG?x', 'by': 'me'")
                .replace("a.JPG", "a.jpg"),
            task.replace("'image': 'a.jpg'", "'one': 'a.jpg', 'two': 'b.jpg'"),
            task.replace("'a.jpg'", "'data:image/png;base64,AAAA'"),
            task.replace("'a.jpg'", "['a.jpg', 'b.jpg']"));
    assertEquals(1, dataset.size());
    assertEquals(
        List.of("RECORD e.json record 1", "RECORD e.json record 2", "RECORD e.json record 3"),
        TestPictures.bad(dataset));
  }

  @Test
  void tellsWhatItLeavesOut() throws IOException {
    ReferringDataset dataset =
        export(
            task(
                "a.jpg",
                annotation(
                    "{'id': 'p', 'type': 'polygonlabels', 'value': {'points': [[1, 2]],"
                        + " 'polygonlabels': ['dog']}}",
                    rectangle("r1", "0 0 50 50 0", "'dog'"),
                    rectangle("r2", "0 0 50 50 0", ""),
                    rectangle("r3", "120 0 50 50 0", "'cat'"),
                    rectangle("r4", "0 0 50 50 0", "'cow'")
                        .replace("'image_rotation': 0", "'image_rotation': 90"),
                    rectangle("r5", "0 0 'x' 50 0", "'hen'"),
                    "{'id': 'c', 'type': 'choices', 'value': {'choices': ['sunny']}}",
                    "{'type': 'textarea', 'value': {'text': ['a street']}}")),
            task("gone.jpg", annotation(rectangle("r", "0 0 50 50 0", "'dog'"))),
            "{'id': 3, 'annotations': []}",
            task("a.jpg", annotation(rectangle("r", "0 0 50 50 0", "'dog'")))
                .replace("'original_height': 20", "'original_height': 50"));
    assertEquals(0, dataset.size());
    String first = " e.json record 0 region ";
    assertEquals(
        List.of(
            "BOX" + first + "p",
            "EXPRESSION" + first + "r2",
            "BOX" + first + "r3",
            "BOX" + first + "r4",
            "BOX" + first + "r5",
            "NO_BOX" + first + "c",
            "NO_BOX" + first + "number 7",
            "AMBIGUOUS" + first + "r1",
            "RECORD e.json record 2",
            "RECORD e.json record 3",
            "IMAGE e.json"),
        TestPictures.bad(dataset));
    assertTrue(
        TestPictures.problem(dataset, "e.json").contains("such as \"gone.jpg\" of e.json record 1"),
        dataset.badRecords()::toString);
  }

  @Test
  void saysWhatToExportInsteadOfTheMinimum() throws IOException {
    ReferringDataset dataset =
        export(
            "{'image': 'a.jpg', 'tag': [{'x': 1, 'y': 1, 'width': 50, 'height': 50, 'rotation': 0,"
                + " 'rectanglelabels': ['Moonwalker']}]}");
    assertEquals(0, dataset.size());
    assertEquals(
        "expected a task with \"data\" and \"annotations\", found one of JSON-MIN, which does not"
            + " tell the text of a box; export as JSON",
        TestPictures.problem(dataset, "e.json record 0"));
  }
}
