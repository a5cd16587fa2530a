package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The forms of files that pairs are read from. Records that are not usable become {@link BadRecord
 * bad records}; only what is no data of its form at all is refused. Boxes are in pixels unless said
 * otherwise; the part of a box within its image counts. Files may be compressed by gzip. Immutable,
 * so it is thread-safe.
 */
public enum DataForm {
  /** A directory of the REFER toolkit; see {@link ReferDataset}. It needs a split. */
  REFER(
      true,
      "a REFER directory (RefCOCO, RefCOCO+, RefCOCOg, RefCLEF)",
      data -> ReferDataset.open(data.path, data.splitBy, data.split, data.images)),
  /** A JSON file in MDETR's format; see {@link MdetrDataset}. */
  MDETR(false, "a JSON file in MDETR's format", data -> MdetrDataset.open(data.path, data.images)),
  /** A CSV file with the columns image, x, y, width, height and text. */
  CSV(
      false,
      "a CSV file with the columns image, x, y, width, height, text",
      data -> BoxList.csv(data.path, data.images)),
  /** The same with a JSON object on each line. */
  JSONL(false, "the same as JSON lines", data -> BoxList.json(data.path, data.images)),
  /** JSON lines in the ODVG format of Open-GroundingDINO and MMDetection. */
  ODVG(false, "ODVG lines, as for GroundingDINO", data -> OdvgDataset.open(data.path, data.images)),
  /** Conversations in the form of Qwen-VL and LLaVA, with boxes in thousandths of the sides. */
  QWEN(
      false,
      "conversations as for Qwen-VL, with boxes in thousandths",
      data -> ChatDataset.open(data.path, data.images, false)),
  /** The same with boxes in pixels. */
  QWEN_PIXELS(
      false,
      "the same with boxes in pixels (Qwen2.5-VL)",
      data -> ChatDataset.open(data.path, data.images, true)),
  /** A directory of Flickr30k Entities. A split may be chosen. */
  FLICKR30K(
      true,
      "a directory of Flickr30k Entities",
      data -> FlickrEntitiesDataset.open(data.path, data.images, data.split)),
  /** A directory of PASCAL VOC's XML files. A split may be chosen. */
  VOC(
      true,
      "a directory of VOC's XML files (categories as expressions)",
      data -> VocDataset.open(data.path, data.images, data.split)),
  /** A JSON file of COCO's detection. */
  COCO(
      false,
      "a JSON file of COCO's detection (categories as expressions)",
      data -> CocoDataset.open(data.path, data.images)),
  /** The XML file of CVAT's export "CVAT for images 1.1". */
  CVAT(
      false,
      "the XML file of an export as \"CVAT for images 1.1\"",
      data -> CvatDataset.open(data.path, data.images)),
  /** The JSON file of an export of Label Studio. */
  LABEL_STUDIO(
      false,
      "the file of Label Studio's export as JSON",
      data -> LabelStudioDataset.open(data.path, data.images));

  private final boolean directory;
  private final String description;
  private final Reader reader;

  DataForm(boolean directory, String description, Reader reader) {
    this.directory = directory;
    this.description = description;
    this.reader = reader;
  }

  private interface Reader {
    ReferringDataset read(Place data);
  }

  /** What is read. */
  private record Place(Path path, Path images, String split, String splitBy) {}

  /** Whether the data is a directory, which may have splits, rather than a file. */
  public boolean isDirectory() {
    return directory;
  }

  /** What data has the form, such as "a JSON file of COCO's detection". */
  public String description() {
    return description;
  }

  /**
   * Reads data, and the header of each of its images.
   *
   * @param path a directory or a file, by {@link #isDirectory()}
   * @param images the directory of the images, or the parent of their directories; null for that of
   *     the data and its usual places
   * @param split null for all, where the form allows it; not used for files
   * @param splitBy who made the split of REFER, if its directory has several; else null
   * @throws org.scanformer.ScanFormerException BAD_INPUT when the data is missing or has another
   *     form; OUT_OF_MEMORY when the heap is too small for it
   */
  public ReferringDataset open(Path path, Path images, String split, String splitBy) {
    return open(path, images, split, splitBy, ExpressionSource.OWN);
  }

  /**
   * Reads data whose expressions come from its texts, its boxes, or both. For those from boxes, the
   * pixels of each image are read too, as they may name colours.
   *
   * @throws org.scanformer.ScanFormerException as the other form; also BAD_INPUT when expressions
   *     are to come from boxes and the data has no boxes with categories
   */
  public ReferringDataset open(
      Path path, Path images, String split, String splitBy, ExpressionSource expressions) {
    return DataFile.withinMemory(
        path,
        () -> {
          ReferringDataset data = reader.read(new Place(path, images, split, splitBy));
          return expressions == ExpressionSource.OWN ? data : BoxExpressions.of(data, expressions);
        });
  }

  /**
   * The splits of a directory that do not overlap; empty if it has none, and for files.
   *
   * @param splitBy as for {@link #open}
   * @throws org.scanformer.ScanFormerException BAD_INPUT when the data cannot be read
   */
  public List<String> splits(Path path, String splitBy) {
    return switch (this) {
      case REFER -> ReferDataset.splits(path, splitBy);
      case FLICKR30K, VOC -> SplitLists.splits(path);
      default -> List.of();
    };
  }

  /** The form's name on the command line, such as "label-studio". */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
