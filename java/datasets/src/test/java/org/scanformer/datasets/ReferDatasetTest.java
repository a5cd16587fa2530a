package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

class ReferDatasetTest {
  private static final Path FIXTURES = Path.of("src", "test", "resources", "refer");
  private static final String INSTANCES =
      """
      {"images": [{"id": 581857, "width": 40, "height": 30,
                   "file_name": "COCO_train2014_000000581857.jpg"}],
       "annotations": [{"id": 16, "image_id": 581857, "category_id": 1, "bbox": [4.5, 6, 20, 10]},
                       {"id": 17, "image_id": 581857, "category_id": 2, "bbox": [30, 20, 20, 20]}],
       "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]}
      """;

  @TempDir private Path root;

  @BeforeEach
  void writeInstancesAndImage() throws IOException {
    Files.writeString(root.resolve("instances.json"), INSTANCES);
    Path images = Files.createDirectories(root.resolve("images").resolve("train2014"));
    ImageIO.write(
        new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB),
        "jpg",
        images.resolve("COCO_train2014_000000581857.jpg").toFile());
  }

  private void useRefs(String fixture, String as) throws IOException {
    Files.copy(FIXTURES.resolve(fixture), root.resolve(as));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"refs-protocol0.p", "refs-protocol2.p", "refs-protocol4.p", "refs-python2.p"})
  void givesAPairForEachSentence(String fixture) throws IOException {
    useRefs(fixture, "refs(unc).p");
    ReferringDataset dataset = ReferDataset.open(root, null, "train", null);
    assertEquals(2, dataset.size(), dataset.badRecords()::toString);
    assertEquals("the dog", dataset.pair(0).expression());
    assertEquals("café dog", dataset.pair(1).expression());
    assertEquals(new Box(4.5, 6, 20, 10), dataset.pair(1).box());
    assertEquals(40, dataset.pair(0).image().width());
    assertEquals(30, dataset.pair(0).image().read().height());
    assertEquals(2, dataset.pair(0).image().objects().size());
    assertEquals("dog", dataset.pair(0).image().objects().get(0).category());
    assertTrue(dataset.badRecords().isEmpty());
  }

  @Test
  void clipsBoxesToTheImage() throws IOException {
    useRefs("refs-protocol2.p", "refs(unc).p");
    ReferringDataset dataset = ReferDataset.open(root, "unc", "testA", null);
    assertEquals(new Box(30, 20, 10, 10), dataset.pair(0).box());
  }

  @Test
  void findsTestPartsAsTheToolkitDoes() throws IOException {
    useRefs("refs-protocol2.p", "refs(berkeley).p");
    assertEquals(1, ReferDataset.open(root, null, "test", null).size());
    ScanFormerException none =
        assertThrows(ScanFormerException.class, () -> ReferDataset.open(root, null, "testB", null));
    assertTrue(none.getMessage().contains("[testA, train]"), none.getMessage());
  }

  @Test
  void listsRecordsThatCannotBeUsed() throws IOException {
    useRefs("refs-protocol2.p", "refs(unc).p");
    Files.writeString(
        root.resolve("instances.json"), INSTANCES.replace("\"id\": 16", "\"id\": 99"));
    ReferringDataset dataset = ReferDataset.open(root, null, "train", null);
    assertEquals(0, dataset.size());
    assertEquals(1, dataset.badRecords().size());
    assertTrue(
        dataset
            .badRecords()
            .get(0)
            .problem()
            .contains("annotation 16 in instances.json, found none"));

    Files.writeString(root.resolve("instances.json"), INSTANCES);
    Files.delete(root.resolve("images/train2014/COCO_train2014_000000581857.jpg"));
    ReferringDataset withoutImage = ReferDataset.open(root, null, "train", null);
    assertTrue(withoutImage.badRecords().get(0).problem().contains("1 image file was not found"));
  }

  @Test
  void asksWhoMadeTheSplitWhereThereAreSeveral() throws IOException {
    useRefs("refs-protocol2.p", "refs(umd).p");
    useRefs("refs-protocol4.p", "refs(google).p");
    ScanFormerException several =
        assertThrows(ScanFormerException.class, () -> ReferDataset.open(root, null, "train", null));
    assertTrue(several.getMessage().contains("refs(umd).p"), several.getMessage());
    assertEquals(2, ReferDataset.open(root, "google", "train", null).size());
  }

  @Test
  void refusesHostileAndOtherPickles() throws IOException {
    useRefs("hostile-call2.p", "refs(unc).p");
    assertThrows(ScanFormerException.class, () -> ReferDataset.open(root, null, "train", null));
    useRefs("no-list.p", "refs(umd).p");
    ScanFormerException noList =
        assertThrows(
            ScanFormerException.class, () -> ReferDataset.open(root, "umd", "train", null));
    assertTrue(noList.getMessage().contains("expected a list, found a dict"));
  }
}
