package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** What makes boxes the targets of one pair; expressions in lower case. */
  private record Key(Object scope, String expression) {}

  /**
   * A pair that may get more targets.
   *
   * @param ofCategory whether the expression is the name of the target's category
   */
  private record Found(
      String id,
      ImageFile image,
      String expression,
      Set<Box> targets,
      String kind,
      boolean ofCategory) {}

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
    add(scope, id, image, expression, kind, box, false);
  }

  /**
   * Adds a box whose category's name describes it, as no other object of the record has it.
   *
   * @throws RecordFault when another record says so of this box
   */
  void addCategory(String id, ImageFile image, String category, Box box) {
    add(image.path(), id, image, category, category, box, true);
  }

  private void add(
      Object scope,
      String id,
      ImageFile image,
      String expression,
      String kind,
      Box box,
      boolean ofCategory) {
    String text = expression == null ? "" : expression.strip();
    if (text.isEmpty()) {
      throw new RecordFault(
          BadRecord.Kind.EXPRESSION, "expected an expression with words, found none");
    }
    Found pair =
        found.computeIfAbsent(
            new Key(scope, text.toLowerCase(Locale.ROOT)),
            key -> new Found(id, image, text, new LinkedHashSet<>(), kind, ofCategory));
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
    Map<String, List<AnnotatedImage>> records =
        annotated.stream().collect(Collectors.groupingBy(each -> each.image().name()));
    List<ReferringPair> pairs = new ArrayList<>();
    for (Found pair : found.values()) {
      List<AnnotatedImage> own = records.getOrDefault(pair.image.name(), List.of());
      if (pair.ofCategory
          && own.size() > 1
          && own.stream().anyMatch(each -> mayShare(pair, each))) {
        bad.add(
            new BadRecord(
                pair.id,
                BadRecord.Kind.AMBIGUOUS,
                "expected a single \""
                    + pair.expression
                    + "\" in the image, as its category is the expression, found more in other"
                    + " records of the image",
                pair.targets.size()));
        continue;
      }
      pairs.add(
          new ReferringPair(
              pair.id,
              pair.image,
              pair.expression,
              List.copyOf(pair.targets),
              pair.kind,
              List.of()));
    }
    BadRecord missing = folders.missing(data);
    if (missing != null) {
      bad.add(missing);
    }
    return ListedDataset.ofRecords(name, pairs, bad, annotated);
  }

  /** Whether a record may name another object than the target as an expression does. */
  private static boolean mayShare(Found pair, AnnotatedImage record) {
    return record.uncounted().stream().anyMatch(name -> CategoryKin.mayShare(pair.expression, name))
        || record.image().objects().stream()
            .anyMatch(
                object ->
                    object.category() != null
                        && !pair.targets.equals(Set.of(object.box()))
                        && CategoryKin.mayShare(pair.expression, object.category()));
  }
}
