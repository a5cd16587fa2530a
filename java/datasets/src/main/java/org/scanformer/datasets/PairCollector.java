package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.ScanFormerException;

/**
 * Gathers the pairs of a dataset and the records that are not usable. Boxes that have the same
 * expression within the same scope are the targets of one pair. Not safe for use by several
 * threads.
 */
final class PairCollector {
  private final String data;
  private final ImageFolders folders;
  private final Map<Key, Found> found = new LinkedHashMap<>();
  private final List<BadRecord> bad = new ArrayList<>();
  private final List<AnnotatedImage> annotated = new ArrayList<>();

  /** What makes boxes the targets of one pair. */
  private record Key(Object scope, String expression) {}

  /** A pair that may get more targets. */
  private record Found(String id, ImageFile image, Set<Box> targets, String kind) {}

  /**
   * An empty one.
   *
   * @param data names the data in messages
   * @param folders where its images are
   */
  PairCollector(String data, ImageFolders folders) {
    this.data = data;
    this.folders = folders;
  }

  /**
   * An image whose size only its file tells; null, and counted, if it is missing.
   *
   * @param names possible names of the file
   * @throws RecordFault when the file is not an image
   */
  Picture picture(String id, String... names) {
    return picture(id, null, names);
  }

  /**
   * The same where the data may tell the size.
   *
   * @param sized has the fields "width" and "height", or neither; null for neither
   * @throws ScanFormerException BAD_INPUT when the file is not an image, or of another shape
   */
  Picture picture(String id, JsonNode sized, String... names) {
    Path path = folders.find(id, names);
    if (path == null) {
      return null;
    }
    ImageHeader header;
    try {
      header = folders.header(path);
    } catch (ScanFormerException e) {
      throw new RecordFault(BadRecord.Kind.IMAGE, e.getMessage());
    }
    return new Picture(
        path,
        sized == null ? BoxTransform.ofFile(header) : CocoFile.transform(sized, header, path));
  }

  /**
   * Adds a box that an expression describes.
   *
   * @param scope within which the expression speaks of the same objects
   * @param id of the record; the pair gets that of its first box
   * @param kind the kind of expression; null if not known
   * @throws RecordFault when the expression has no words, or has this box already
   */
  void add(Object scope, String id, ImageFile image, String expression, String kind, Box box) {
    String text = expression == null ? "" : expression.strip();
    if (text.isEmpty()) {
      throw new RecordFault(
          BadRecord.Kind.EXPRESSION, "expected an expression with words, found none");
    }
    Found pair =
        found.computeIfAbsent(
            new Key(scope, text), key -> new Found(id, image, new LinkedHashSet<>(), kind));
    if (!pair.targets.add(box)) {
      throw new RecordFault(
          BadRecord.Kind.REPEATED,
          "expected another box or expression than before, found those of " + pair.id + " again");
    }
  }

  /** Adds an image whose objects are known. */
  void annotated(AnnotatedImage image) {
    annotated.add(image);
  }

  /** Adds a record that is not usable. */
  void bad(String id, ScanFormerException problem) {
    bad.add(BadRecord.of(id, problem));
  }

  /** Adds records that are not usable. */
  void bad(BadRecord record) {
    bad.add(record);
  }

  /** All of it; the records whose image is missing become a single bad record, the last. */
  ReferringDataset dataset(String name) {
    List<ReferringPair> pairs = new ArrayList<>();
    found.forEach(
        (key, pair) ->
            pairs.add(
                new ReferringPair(
                    pair.id,
                    pair.image,
                    key.expression,
                    List.copyOf(pair.targets),
                    pair.kind,
                    List.of())));
    BadRecord missing = folders.missing(data);
    if (missing != null) {
      bad.add(missing);
    }
    return new ListedDataset(name, pairs, bad, annotated);
  }
}
