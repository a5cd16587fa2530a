package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads a file that lists sources of data: a JSON array with an object for each, whose fields are
 * those of the trainer's options.
 *
 * <pre>{@code
 * [{"data": "refer", "root": "refcoco", "images": "coco", "weight": 3},
 *  {"data": "cvat", "file": "ours/train.xml", "validation-file": "ours/val.xml"}]
 * }</pre>
 *
 * <p>Paths begin at the directory of the file. No state.
 */
public final class DataMixture {
  /** The split of a directory to train on, if none is named. */
  public static final String TRAINING_SPLIT = "train";

  /** The split of a directory that is held out, if none is named. */
  public static final String HELD_OUT_SPLIT = "val";

  private static final Set<String> OF_ALL = Set.of("data", "images", "expressions", "weight");
  private static final Set<String> OF_DIRECTORIES =
      Set.of("root", "split", "split-by", "validation-split");
  private static final Set<String> OF_FILES = Set.of("file", "validation-file");

  private DataMixture() {}

  /** Whether the name of data is that of such a file rather than that of a form. */
  public static boolean isFile(String data) {
    return data.toLowerCase(Locale.ROOT).endsWith(".json");
  }

  /**
   * The sources that a file lists, at least one.
   *
   * @throws ScanFormerException BAD_INPUT when it is missing or has another form
   */
  public static List<DataSource> read(Path file) {
    JsonNode root = CocoFile.json(file, DataFile.readText(file));
    if (!root.isArray() || root.isEmpty()) {
      throw error(
          file,
          "expected an array of sources, each an object with \"data\" and \"root\" or \"file\", found "
              + CocoFile.brief(root));
    }
    List<DataSource> sources = new ArrayList<>();
    for (JsonNode source : root) {
      sources.add(source(file, "source " + (sources.size() + 1), source));
    }
    return List.copyOf(sources);
  }

  /**
   * Reads what the sources hold out, as a single dataset in which each pair counts once.
   *
   * @throws ScanFormerException as {@link DataSource#openHeldOut}
   */
  public static ReferringDataset openHeldOut(List<DataSource> sources) {
    return new JoinedDataset("", sources.stream().map(DataSource::openHeldOut).toList());
  }

  private static DataSource source(Path file, String name, JsonNode source) {
    Fields fields = new Fields(file, name, source);
    String data = fields.text("data", null);
    DataForm form =
        Arrays.stream(DataForm.values())
            .filter(each -> each.toString().equalsIgnoreCase(data))
            .findFirst()
            .orElseThrow(
                () ->
                    fields.error(
                        "\"data\" with one of " + Arrays.toString(DataForm.values()), "data"));
    fields.requireKnown(form.isDirectory() ? OF_DIRECTORIES : OF_FILES);
    DataSource.Part training;
    DataSource.Part heldOut;
    if (form.isDirectory()) {
      Path root = fields.requiredPath("root");
      training = new DataSource.Part(root, fields.text("split", TRAINING_SPLIT));
      heldOut = new DataSource.Part(root, fields.text("validation-split", HELD_OUT_SPLIT));
    } else {
      training = new DataSource.Part(fields.requiredPath("file"), null);
      Path held = fields.path("validation-file");
      heldOut = held == null ? null : new DataSource.Part(held, null);
    }
    return new DataSource(
        name,
        form,
        training,
        heldOut,
        fields.path("images"),
        fields.text("split-by", null),
        fields.expressions(),
        fields.weight());
  }

  /** The fields of a source. */
  private record Fields(Path file, String name, JsonNode source) {
    String text(String field, String missing) {
      JsonNode value = source.path(field);
      if (value.isMissingNode()) {
        return missing;
      }
      if (!value.isTextual() || value.textValue().isBlank()) {
        throw error("a text as \"" + field + "\"", field);
      }
      return value.textValue();
    }

    Path path(String field) {
      String text = text(field, null);
      try {
        return text == null ? null : file.toAbsolutePath().resolveSibling(text).normalize();
      } catch (InvalidPathException e) {
        throw error("a path as \"" + field + "\"", field);
      }
    }

    Path requiredPath(String field) {
      Path path = path(field);
      if (path == null) {
        throw error("\"" + field + "\" for this form", field);
      }
      return path;
    }

    ExpressionSource expressions() {
      String text = text("expressions", ExpressionSource.OWN.toString());
      for (ExpressionSource each : ExpressionSource.values()) {
        if (each.toString().equalsIgnoreCase(text)) {
          return each;
        }
      }
      throw error(
          "one of " + Arrays.toString(ExpressionSource.values()) + " as \"expressions\"",
          "expressions");
    }

    double weight() {
      JsonNode value = source.path("weight");
      double weight = value.isMissingNode() ? 1 : value.isNumber() ? value.asDouble() : Double.NaN;
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw error("a number greater than 0 as \"weight\"", "weight");
      }
      return weight;
    }

    /** Refuses fields that mean nothing, which may be misspelt. */
    void requireKnown(Set<String> ofForm) {
      for (Iterator<String> names = source.fieldNames(); names.hasNext(); ) {
        String field = names.next();
        if (!OF_ALL.contains(field) && !ofForm.contains(field)) {
          Set<String> known = new TreeSet<>(OF_ALL);
          known.addAll(ofForm);
          throw DataMixture.error(
              file,
              name
                  + ": expected the fields "
                  + known
                  + " for this form, found \""
                  + CsvFile.brief(field)
                  + "\"");
        }
      }
    }

    ScanFormerException error(String expected, String field) {
      return DataMixture.error(
          file, name + ": expected " + expected + ", found " + CocoFile.brief(source.path(field)));
    }
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, file + ": " + message);
  }
}
