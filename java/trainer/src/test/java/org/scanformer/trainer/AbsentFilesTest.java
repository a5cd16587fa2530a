package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.datasets.DataForm;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/** Expressions that are not true of an image, mixed into files: none may be true after all. */
class AbsentFilesTest {
  @TempDir private Path directory;
  private int size;

  @BeforeEach
  void writeImages() throws IOException {
    for (String name : new String[] {"a", "b", "c"}) {
      ImageIO.write(
          new BufferedImage(40, 20, BufferedImage.TYPE_INT_RGB),
          "png",
          directory.resolve(name + ".png").toFile());
    }
  }

  private AbsentPairs mixture(DataForm form, String json) throws IOException {
    Path file = Files.writeString(directory.resolve("data.json"), json.replace('\'', '"'));
    ReferringDataset dataset = DescribedObjects.of(form.open(file, null, null, null));
    size = dataset.size();
    return new AbsentPairs(dataset, 0.999);
  }

  /** What is mixed in as untrue, each as the letter of an image and the expression. */
  private Set<String> untrue(AbsentPairs mixture) {
    Set<String> untrue = new TreeSet<>();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 60 * size; i++) {
      ReferringPair pair = mixture.pair(i % size, random);
      if (pair.targets().isEmpty()) {
        String file = Path.of(pair.image().name()).getFileName().toString();
        untrue.add(file.charAt(0) + " " + pair.expression());
      }
    }
    return untrue;
  }

  /** The first image has a cat and something else; the others have a dog and a cow. */
  private AbsentPairs coco(String other) throws IOException {
    return mixture(
        DataForm.COCO,
        """
        {'images': [{'id': 1, 'file_name': 'a.png'}, {'id': 2, 'file_name': 'b.png'},
                    {'id': 3, 'file_name': 'c.png'}],
         'annotations': [
          {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [1, 1, 5, 5]},
          {'id': 2, 'image_id': 1, %s},
          {'id': 3, 'image_id': 2, 'category_id': 2, 'bbox': [1, 1, 5, 5]},
          {'id': 4, 'image_id': 3, 'category_id': 3, 'bbox': [1, 1, 5, 5]}],
         'categories': [{'id': 1, 'name': 'cat'}, {'id': 2, 'name': 'dog'},
                        {'id': 3, 'name': 'cow'}]}
        """
            .formatted(other));
  }

  @Test
  void anObjectWithoutAUsableBoxIsThereAllTheSame() throws IOException {
    AbsentPairs mixture = coco("'category_id': 2, 'bbox': [50, 1, 5, 5]");
    assertEquals(Set.of("a cow", "b cat", "b cow", "c cat", "c dog"), untrue(mixture));
    assertEquals(3, mixture.replaceable());
  }

  @Test
  void anObjectThatHasNoNameMayBeAnything() throws IOException {
    AbsentPairs mixture = coco("'category_id': 9, 'bbox': [50, 1, 5, 5]");
    assertEquals(Set.of("b cat", "b cow", "c cat", "c dog"), untrue(mixture));
    assertEquals(2, mixture.replaceable());
  }

  private AbsentPairs labelStudio(String first, String second) throws IOException {
    String task = "{'data': {'image': '%s.png'}, 'annotations': [{'id': 1, 'result': [%s]}]}";
    return mixture(
        DataForm.LABEL_STUDIO,
        "["
            + String.join(
                ", ",
                task.formatted("a", first),
                task.formatted("b", second),
                task.formatted("c", rectangle("'cow'")))
            + "]");
  }

  /** What one annotator boxes and another one does not may be there. */
  @Test
  void whatAnotherAnnotationNamesMayBeThere() throws IOException {
    String second = "]}, {'id': 2, 'was_cancelled': %s, 'result': [" + rectangle("'dog'");
    for (boolean skipped : new boolean[] {false, true}) {
      AbsentPairs twice =
          labelStudio(rectangle("'cat'") + second.formatted(skipped), rectangle("'dog'"));
      assertEquals(Set.of("a cow", "b cat", "b cow", "c cat", "c dog"), untrue(twice));
    }
  }

  /** Of the first image's records, one lists the cat, and the other says something of the dog. */
  @Test
  void whatAnotherRecordOfTheImageListsIsThere() throws IOException {
    AbsentPairs mixture =
        mixture(
            DataForm.ODVG,
            """
            {'filename': 'a.png', 'grounding': {'regions': [
              {'phrase': 'the cat', 'bbox': [1, 1, 9, 9]}]},
             'detection': {'instances': [{'category': 'cat', 'bbox': [1, 1, 9, 9]}]}}
            {'filename': 'a.png', 'detection': {'instances': [
              {'category': 'dog', 'bbox': [11, 1, 19, 9]}]}}
            {'filename': 'b.png', 'detection': {'instances': [
              {'category': 'dog', 'bbox': [1, 1, 9, 9]}]}}
            {'filename': 'c.png', 'detection': {'instances': [
              {'category': 'cow', 'bbox': [1, 1, 9, 9]}]}}
            """
                .replace("\n ", " "));
    assertEquals(
        Set.of("a cow", "b cat", "b cow", "b the cat", "c cat", "c dog", "c the cat"),
        untrue(mixture));
  }

  /** A box that only a phrase has may be of anything, in what is held out as in training. */
  @Test
  void whatAPhraseAloneSpeaksOfIsThere() throws IOException {
    String json =
        """
        {'filename': 'a.png', 'grounding': {'regions': [
          {'phrase': 'the brown one', 'bbox': [11, 1, 19, 9]}]},
         'detection': {'instances': [{'category': 'cat', 'bbox': [1, 1, 9, 9]}]}}
        {'filename': 'b.png', 'detection': {'instances': [
          {'category': 'cow', 'bbox': [1, 1, 9, 9]}]}}
        """
            .replace("\n ", " ");
    assertEquals(Set.of("b cat"), untrue(mixture(DataForm.ODVG, json)));
    ReferringDataset dataset = DataForm.ODVG.open(directory.resolve("data.json"), null, null, null);
    List<String> held =
        HeldOut.of(dataset, 0.5, 9).pairs().stream()
            .filter(pair -> pair.targets().isEmpty())
            .map(ReferringPair::expression)
            .toList();
    assertTrue(Set.of("cat").containsAll(held), held.toString());
  }

  private static String rectangle(String labels) {
    return "{'id': 'r', 'type': 'rectanglelabels', 'value': {'x': 10, 'y': 10, 'width': 30,"
        + " 'height': 30, 'rotation': 0, 'rectanglelabels': ["
        + labels
        + "]}}";
  }

  private static String polygon(String labels) {
    return "{'id': 'p', 'type': 'polygonlabels', 'value': {'points': [[1, 1], [9, 1], [9, 9]],"
        + " 'polygonlabels': ["
        + labels
        + "]}}";
  }

  @Test
  void otherShapesAreObjects() throws IOException {
    AbsentPairs named =
        labelStudio(rectangle("'cat'") + ", " + polygon("'dog'"), rectangle("'dog'"));
    assertEquals(Set.of("a cow", "b cat", "b cow", "c cat", "c dog"), untrue(named));
    AbsentPairs nameless = labelStudio(rectangle("'cat'") + ", " + polygon(""), rectangle("'dog'"));
    assertEquals(Set.of("b cat", "b cow", "c cat", "c dog"), untrue(nameless));
  }

  @Test
  void aBoxWithSeveralNamesIsEachOfThem() throws IOException {
    AbsentPairs names = labelStudio(rectangle("'dog'"), rectangle("'animal', 'dog'"));
    // The animal may be a cow, and the cow is an animal.
    assertEquals(Set.of("a cow", "c dog"), untrue(names));
    String text = "{'id': 'r', 'type': 'textarea', 'value': {'text': ['the brown one']}}";
    AbsentPairs described =
        labelStudio(rectangle("'dog'"), rectangle("'animal', 'dog'") + ", " + text);
    // The brown one may be a cow too.
    assertEquals(Set.of("a cow", "c dog"), untrue(described));
  }
}
