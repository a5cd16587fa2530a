package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.scanformer.ScanFormerException;

/**
 * A JSON file of COCO's detection: "images", "annotations" with "image_id", "category_id" and
 * "bbox" [x, y, width, height] in pixels, and "categories".
 *
 * <p>A category's name is the expression of its only object in an image; a crowd counts as several.
 */
final class CocoDataset {
  private CocoDataset() {}

  /** Reads a file. */
  static ReferringDataset open(Path file, Path images) {
    CocoFile coco = CocoFile.read(file);
    Path folder = file.toAbsolutePath().getParent();
    // COCO keeps its JSON files in "annotations", beside the directories of images.
    Path parent = folder.endsWith("annotations") ? folder.getParent() : folder;
    PairCollector collector =
        new PairCollector(
            file.getFileName().toString(),
            images != null
                ? ImageFolders.of(file, images)
                : new ImageFolders(ImageChoice.ofFile(file), folder, parent));
    for (JsonNode image : coco.images()) {
      String imageId = RecordId.of(image.get("id"));
      String id = file.getFileName() + " image " + imageId;
      List<JsonNode> annotations = coco.annotationsOf(imageId);
      try {
        coco.image(imageId);
        Picture picture =
            annotations.isEmpty()
                ? null
                : collector.picture(id, image, image.path("file_name").asText(null));
        if (picture != null) {
          CategoryNames names = new CategoryNames(id, picture);
          read(file.getFileName() + " annotation ", annotations, coco, picture, names, collector);
        }
      } catch (ScanFormerException e) {
        collector.bad(id, e);
      }
    }
    for (JsonNode annotation : coco.strayAnnotations()) {
      collector.bad(
          new BadRecord(
              file.getFileName() + " annotation " + RecordId.of(annotation.get("id")),
              "expected the id of an image as \"image_id\", found "
                  + CocoFile.brief(annotation.path("image_id"))));
    }
    return collector.dataset("coco " + file.getFileName());
  }

  private static void read(
      String name,
      List<JsonNode> annotations,
      CocoFile coco,
      Picture picture,
      CategoryNames names,
      PairCollector collector) {
    for (JsonNode annotation : annotations) {
      String id = name + RecordId.of(annotation.get("id"));
      String category = coco.category(annotation);
      try {
        boolean crowd = annotation.path("iscrowd").asInt(0) == 1;
        names.add(id, category, CocoFile.box(annotation, picture.transform()), !crowd);
      } catch (ScanFormerException e) {
        collector.bad(id, e);
        names.addWithoutBox(id, category);
      }
    }
    names.finish(collector);
  }
}
