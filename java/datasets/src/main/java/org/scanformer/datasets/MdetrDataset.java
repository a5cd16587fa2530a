package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * A JSON file in the format of MDETR's referring sets ({@code finetune_refcoco_val.json} and the
 * like): an entry of "images" for each expression, with "file_name", "width", "height" and
 * "caption", and one entry of "annotations" with its "image_id" and "bbox" [x, y, width, height] in
 * pixels. The file may be compressed by gzip.
 *
 * <p>Where the image file has another size of the same aspect ratio, boxes are scaled to it; where
 * boxes are relative to the pixels as stored and an EXIF orientation turns these, so are the boxes.
 */
public final class MdetrDataset {
  private MdetrDataset() {}

  /**
   * Reads a file, and the header of each of its images. Entries that are not usable become bad
   * records; those whose image file is missing become a single one, the last.
   *
   * @param images the directory of the images, or the parent of their directories; null for the
   *     file's directory and its "images"
   * @throws ScanFormerException BAD_INPUT when the file is missing or has another format;
   *     OUT_OF_MEMORY when the heap is too small for it
   */
  public static ReferringDataset open(Path file, Path images) {
    return DataFile.withinMemory(file, () -> read(file, images));
  }

  private static ReferringDataset read(Path file, Path images) {
    CocoFile coco = CocoFile.read(file);
    ImageFolders folders = ImageFolders.of(file, images);
    List<ReferringPair> pairs = new ArrayList<>();
    List<BadRecord> bad = new ArrayList<>();
    int number = 0;
    for (JsonNode image : coco.images()) {
      String id = file.getFileName() + " image " + image.path("id").asText("number " + number);
      number++;
      try {
        ReferringPair pair = pair(id, image, coco, folders);
        if (pair != null) {
          pairs.add(pair);
        }
      } catch (ScanFormerException e) {
        bad.add(BadRecord.of(id, e));
      }
    }
    BadRecord missing = folders.missing(file.getFileName().toString());
    if (missing != null) {
      bad.add(missing);
    }
    return new ListedDataset("mdetr " + file.getFileName(), pairs, bad, List.of());
  }

  /** The pair of an entry, or null if its image file is missing. */
  private static ReferringPair pair(
      String id, JsonNode image, CocoFile coco, ImageFolders folders) {
    String caption = image.path("caption").asText("");
    if (caption.isBlank()) {
      throw CocoFile.problem("expected a \"caption\" with words, found none");
    }
    String imageId = RecordId.of(image.get("id"));
    coco.image(imageId);
    List<JsonNode> annotations = coco.annotationsOf(imageId);
    if (annotations.size() != 1) {
      throw CocoFile.problem("expected 1 annotation, found " + annotations.size());
    }
    Path path = folders.find(id, image.path("file_name").asText(null));
    if (path == null) {
      return null;
    }
    ImageHeader header = folders.header(path);
    BoxTransform transform = CocoFile.transform(image, header, path);
    Box box = CocoFile.box(annotations.get(0), transform);
    ImageFile source =
        new ImageFile(path, header.uprightWidth(), header.uprightHeight(), List.of());
    return new ReferringPair(id, source, caption, box, null, List.of());
  }
}
