package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A plain list of boxes with expressions: a CSV file whose first line names the columns, or a file
 * with a JSON object on each line. The fields are "image", "x", "y", "width", "height" and "text",
 * with the box in pixels from the image's top left corner, and optionally "kind". Other fields are
 * not read. In JSON the box may also be an object "box" with the four numbers, as {@code scanformer
 * shapes} writes it, or lines may form an array.
 *
 * <p>Boxes of the same image and text are the targets of one pair. A file may be compressed by
 * gzip.
 */
final class BoxList {
  private static final List<String> BOX = List.of("x", "y", "width", "height");
  private static final String NUMBER = "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?";

  private final PairCollector collector;

  private BoxList(Path file, Path images) {
    collector = new PairCollector(file.getFileName().toString(), ImageFolders.of(file, images));
  }

  /** Reads a CSV file. */
  static ReferringDataset csv(Path file, Path images) {
    BoxList list = new BoxList(file, images);
    CsvFile csv = CsvFile.open(file);
    CsvFile.Row header = csv.next();
    List<String> names =
        header == null || header.fields() == null
            ? List.of()
            : header.fields().stream().map(n -> n.strip().toLowerCase(Locale.ROOT)).toList();
    int image = required(file, names, "image");
    int text = required(file, names, "text");
    int[] box = BOX.stream().mapToInt(name -> required(file, names, name)).toArray();
    int kind = names.indexOf("kind");
    for (CsvFile.Row row = csv.next(); row != null; row = csv.next()) {
      String id = file.getFileName() + " line " + row.line();
      List<String> fields = row.fields();
      if (fields == null || fields.size() != names.size()) {
        String problem =
            fields == null
                ? row.fault()
                : "expected " + names.size() + " fields as in line 1, found " + fields.size();
        list.collector.bad(new BadRecord(id, problem));
        continue;
      }
      List<String> numbers = new ArrayList<>();
      for (int column : box) {
        numbers.add(fields.get(column).strip());
      }
      list.add(id, fields.get(image).strip(), fields.get(text), blank(fields, kind), numbers);
    }
    return list.collector.dataset("csv " + file.getFileName());
  }

  private static int required(Path file, List<String> names, String name) {
    int index = names.indexOf(name);
    if (index < 0 || names.lastIndexOf(name) != index) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          file
              + ": expected a first line with the columns image, x, y, width, height and text, each"
              + " once and separated by commas, found "
              + CsvFile.brief(String.join(",", names)));
    }
    return index;
  }

  private static String blank(List<String> fields, int column) {
    return column < 0 || fields.get(column).isBlank() ? null : fields.get(column).strip();
  }

  /** Reads a file of JSON objects. */
  static ReferringDataset json(Path file, Path images) {
    BoxList list = new BoxList(file, images);
    JsonRecords.read(
        file,
        list.collector,
        (id, record) -> {
          JsonNode box = record.path("box").isObject() ? record.get("box") : record;
          List<String> numbers = new ArrayList<>();
          for (String side : BOX) {
            numbers.add(box.path(side).asText(""));
          }
          list.add(
              id,
              record.path("image").asText(""),
              record.path("text").asText(""),
              record.path("kind").asText(null),
              numbers);
        });
    return list.collector.dataset("jsonl " + file.getFileName());
  }

  private void add(String id, String image, String text, String kind, List<String> numbers) {
    try {
      if (image.isEmpty()) {
        throw CocoFile.problem("expected the name of an image file as \"image\", found none");
      }
      Picture picture = collector.picture(id, image);
      if (picture != null) {
        requireNumbers(numbers);
        double[] box = numbers.stream().mapToDouble(BoxList::number).toArray();
        String found = "x, y, width, height " + CsvFile.brief(String.join(", ", numbers));
        Box inside = picture.box(box[0], box[1], box[2], box[3], found);
        collector.add(picture.path(), id, picture.image(List.of()), text, kind, inside);
      }
    } catch (ScanFormerException e) {
      collector.bad(id, e);
    }
  }

  private static void requireNumbers(List<String> numbers) {
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i++) {
      String text = numbers.get(i);
      if (Double.isNaN(number(text))) {
        wrong.add(text.isEmpty() ? "no " + BOX.get(i) : BOX.get(i) + " " + CsvFile.brief(text));
      }
    }
    if (!wrong.isEmpty()) {
      throw new RecordFault(
          BadRecord.Kind.BOX,
          "expected a box of the numbers x, y, width and height in pixels, found "
              + String.join(", ", wrong));
    }
  }

  /** The number that a text stands for, or NaN. */
  static double number(String text) {
    return text.length() <= 40 && text.matches(NUMBER) ? Double.parseDouble(text) : Double.NaN;
  }
}
