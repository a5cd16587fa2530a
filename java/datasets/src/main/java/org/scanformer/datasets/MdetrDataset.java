package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.Box;

/**
 * A JSON file in the format of MDETR's referring sets ({@code finetune_refcoco_val.json} and the
 * like): an entry of "images" for each expression, with "file_name", "width", "height" and
 * "caption", and one entry of "annotations" with its "image_id" and "bbox" [x, y, width, height] in
 * pixels.
 */
public final class MdetrDataset {
  private MdetrDataset() {}

  /**
   * Reads a file. Entries that are not usable become bad records.
   *
   * @param images the directory of the images, or the parent of their directories; null for the
   *     file's directory and its "images"
   * @throws org.scanformer.ScanFormerException BAD_INPUT when the file is missing or has another
   *     format
   */
  public static ReferringDataset open(Path file, Path images) {
    CocoFile coco = CocoFile.read(file);
    Path folder = file.toAbsolutePath().getParent();
    List<Path> directories =
        images != null
            ? ImageFile.withSubdirectories(images)
            : ImageFile.withSubdirectories(folder, folder.resolve("images"));
    List<ReferringPair> pairs = new ArrayList<>();
    List<BadRecord> bad = new ArrayList<>();
    int number = 0;
    for (JsonNode image : coco.images()) {
      String id = file.getFileName() + " image " + image.path("id").asText("number " + number);
      number++;
      String caption = image.path("caption").asText("");
      List<JsonNode> annotations = coco.annotationsOf(image);
      Path path = ImageFile.find(directories, image.path("file_name").asText(null));
      Box box = annotations.size() == 1 ? CocoFile.box(annotations.get(0), image) : null;
      if (caption.isBlank()) {
        bad.add(new BadRecord(id, "expected a \"caption\" with words, found none"));
      } else if (annotations.size() != 1) {
        bad.add(new BadRecord(id, "expected 1 annotation, found " + annotations.size()));
      } else if (box == null) {
        String found = annotations.get(0).path("bbox").toString();
        bad.add(new BadRecord(id, "expected a \"bbox\" within the image, found " + found));
      } else if (path == null) {
        String found = image.path("file_name").toString();
        bad.add(new BadRecord(id, "the image file " + found + " was not found"));
      } else {
        ImageFile source =
            new ImageFile(
                path, image.path("width").intValue(), image.path("height").intValue(), List.of());
        pairs.add(new ReferringPair(id, source, caption, box, null, List.of()));
      }
    }
    return new ListedDataset("mdetr " + file.getFileName(), pairs, bad);
  }
}
