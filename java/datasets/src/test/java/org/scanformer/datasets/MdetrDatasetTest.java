package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

class MdetrDatasetTest {
  @TempDir private Path root;

  @Test
  void readsPairsAndListsTheRest() throws IOException {
    ImageIO.write(
        new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB),
        "png",
        root.resolve("a.png").toFile());
    Path file = root.resolve("finetune_refcoco_val.json");
    Files.writeString(
        file,
        """
        {"images": [
          {"id": 0, "file_name": "a.png", "width": 40, "height": 30, "caption": "the dog"},
          {"id": 1, "file_name": "a.png", "width": 40, "height": 30, "caption": " "},
          {"id": 2, "file_name": "b.png", "width": 40, "height": 30, "caption": "the cat"},
          {"id": 3, "file_name": "a.png", "width": 40, "height": 30, "caption": "two boxes"},
          {"id": 4, "file_name": "a.png", "width": 40, "height": 30, "caption": "outside"},
          {"id": 5, "file_name": "../a.png", "width": 40, "height": 30, "caption": "elsewhere"}],
         "annotations": [
          {"id": 0, "image_id": 0, "bbox": [1, 2, 3, 4]},
          {"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]},
          {"id": 2, "image_id": 2, "bbox": [1, 2, 3, 4]},
          {"id": 3, "image_id": 3, "bbox": [1, 2, 3, 4]},
          {"id": 4, "image_id": 3, "bbox": [1, 2, 3, 5]},
          {"id": 5, "image_id": 4, "bbox": [50, 2, 3, 4]},
          {"id": 6, "image_id": 5, "bbox": [1, 2, 3, 4]}]}
        """);
    ReferringDataset dataset = MdetrDataset.open(file, null);
    assertEquals(1, dataset.size());
    assertEquals("the dog", dataset.pair(0).expression());
    assertEquals(new Box(1, 2, 3, 4), dataset.pair(0).box());
    assertEquals(40, dataset.pair(0).image().read().width());
    List<String> problems = dataset.badRecords().stream().map(BadRecord::problem).toList();
    assertEquals(4, problems.size());
    assertTrue(problems.get(0).contains("caption"));
    assertTrue(problems.get(1).contains("found 2"));
    assertTrue(problems.get(2).contains("[50,2,3,4]"));
    assertTrue(
        problems.get(3).startsWith("2 image files were not found, such as \"b.png\" of "),
        problems.get(3));
    assertEquals(2, dataset.badRecords().get(3).records());
    assertTrue(problems.get(3).contains("searched: " + root), problems.get(3));
  }

  @Test
  void refusesOtherFiles() throws IOException {
    Path file = root.resolve("x.json");
    assertThrows(ScanFormerException.class, () -> MdetrDataset.open(file, null));
    for (String text : List.of("", "{", "[]", "{\"images\": []}")) {
      Files.writeString(file, text);
      ScanFormerException refusal =
          assertThrows(ScanFormerException.class, () -> MdetrDataset.open(file, null));
      assertTrue(refusal.getMessage().startsWith(file.toString()), refusal.getMessage());
    }
  }
}
