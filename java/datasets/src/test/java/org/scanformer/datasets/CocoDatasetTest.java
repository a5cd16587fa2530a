package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;

class CocoDatasetTest {
  @TempDir private Path root;

  @Test
  void takesACategoryForItsOnlyObject() throws IOException {
    TestPictures.write(root.resolve("val2017/000000000001.jpg"), 40, 30);
    Path file = root.resolve("annotations/instances_val2017.json");
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        """
        {"images": [
          {"id": 1, "file_name": "000000000001.jpg", "width": 40, "height": 30},
          {"id": 2, "file_name": "000000000002.jpg", "width": 40, "height": 30},
          {"id": 3, "file_name": "000000000003.jpg", "width": 40, "height": 30}],
         "annotations": [
          {"id": 10, "image_id": 1, "category_id": 18, "bbox": [1, 2, 3, 4.5], "iscrowd": 0},
          {"id": 11, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0},
          {"id": 12, "image_id": 1, "category_id": 1, "bbox": [5, 2, 3, 4], "iscrowd": 0},
          {"id": 13, "image_id": 1, "category_id": 17, "bbox": [5, 2, 30, 4], "iscrowd": 1},
          {"id": 14, "image_id": 1, "category_id": 99, "bbox": [5, 2, 3, 4]},
          {"id": 15, "image_id": 1, "category_id": 3, "bbox": [50, 2, 3, 4]},
          {"id": 16, "image_id": 2, "category_id": 18, "bbox": [5, 2, 3, 4]},
          {"id": 17, "image_id": 9, "category_id": 18, "bbox": [5, 2, 3, 4]},
          {"id": 18, "category_id": 18, "bbox": [5, 2, 3, 4]}],
         "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"},
                        {"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}]}
        """);
    ReferringDataset dataset = DataForm.COCO.open(file, null, null, null);
    assertEquals(List.of("dog"), TestPictures.expressions(dataset));
    assertEquals(new Box(1, 2, 3, 4.5), dataset.pair(0).box());
    assertEquals(4, dataset.pair(0).image().objects().size());
    String name = "instances_val2017.json";
    assertEquals(
        List.of(
            "EXPRESSION " + name + " annotation 14",
            "BOX " + name + " annotation 15",
            "AMBIGUOUS " + name + " annotation 11",
            "AMBIGUOUS " + name + " annotation 13",
            "RECORD " + name + " annotation 17",
            "RECORD " + name + " annotation 18",
            "IMAGE " + name),
        dataset.badRecords().stream()
            .map(bad -> bad.kind() + " " + bad.id())
            .sorted(java.util.Comparator.comparingInt(id -> order(id)))
            .toList());
  }

  /** A file that was merged of others may repeat their ids, or have none. */
  @Test
  void pairsOfAnnotationsWithoutIdsHaveDifferentIds() throws IOException {
    TestPictures.write(root.resolve("a.jpg"), 40, 30);
    Path file = root.resolve("c.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "a.jpg"}],
         "annotations": [
          {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
          {"image_id": 1, "category_id": 2, "bbox": [5, 2, 3, 4]},
          {"id": "7 expression 2", "image_id": 1, "category_id": 3, "bbox": [9, 2, 3, 4]},
          {"id": 7, "image_id": 1, "category_id": 4, "bbox": [13, 2, 3, 4]},
          {"id": 7, "image_id": 1, "category_id": 5, "bbox": [17, 2, 3, 4]},
          {"id": 8, "image_id": 1, "category_id": 6, "bbox": [21, 2, 3, 4]}],
         "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"},
                        {"id": 3, "name": "car"}, {"id": 4, "name": "boat"},
                        {"id": 5, "name": "tree"}, {"id": 6, "name": "cup"}]}
        """);
    ReferringDataset dataset = DataForm.COCO.open(file, null, null, null);
    assertEquals(List.of(), dataset.badRecords());
    assertEquals(
        List.of(
            "c.json annotation null",
            "c.json annotation null expression 2",
            "c.json annotation 7 expression 2",
            "c.json annotation 7",
            "c.json annotation 7 expression 3",
            "c.json annotation 8"),
        TestPictures.ids(dataset));
  }

  /** What some exporters write for YOLO's sake: no pixels, but objects all the same. */
  @Test
  void tellsBoxesInSharesOfTheSides() throws IOException {
    TestPictures.write(root.resolve("a.jpg"), 40, 30);
    Path file = root.resolve("c.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "a.jpg", "caption": "the dog"}],
         "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0.1, 0.2, 0.3, 0.4]}],
         "categories": [{"id": 1, "name": "dog"}]}
        """);
    for (DataForm form : List.of(DataForm.COCO, DataForm.MDETR)) {
      ReferringDataset dataset = form.open(file, null, null, null);
      assertEquals(List.of(), TestPictures.expressions(dataset));
      assertEquals(BadRecord.Kind.BOX, dataset.badRecords().get(0).kind());
      assertEquals(
          "expected a box in pixels, found \"bbox\" [0.1,0.2,0.3,0.4], which lies in the first"
              + " pixel, as shares of the image's sides do",
          dataset.badRecords().get(0).problem());
    }
    CocoFile coco = CocoFile.read(file);
    BoxTransform transform = BoxTransform.ofFile(ImageHeader.read(root.resolve("a.jpg")));
    assertEquals(List.of(), coco.objects("1", transform));
    assertEquals(Set.of("dog"), coco.uncounted("1", transform));
  }

  /** Stray annotations have no order. */
  private static int order(String id) {
    return id.endsWith("17") ? 1 : id.endsWith("18") ? 2 : id.startsWith("IMAGE") ? 3 : 0;
  }
}
