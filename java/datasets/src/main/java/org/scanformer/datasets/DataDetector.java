package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/** Tells the form of data by its files. No state. */
public final class DataDetector {
  private static final ObjectMapper JSON = new ObjectMapper();

  private DataDetector() {}

  /**
   * What was found.
   *
   * @param path the data: what was asked about, or the only file of data in that directory
   * @param reason what shows the form
   */
  public record Detected(DataForm form, Path path, String reason) {}

  /**
   * The form of a file or directory.
   *
   * @throws ScanFormerException BAD_INPUT when it cannot be told
   */
  public static Detected detect(Path path) {
    return Files.isDirectory(path) ? ofDirectory(path) : ofFile(path);
  }

  /** Whether a file lists sources for {@link DataMixture}, rather than being data itself. */
  public static boolean isMixture(Path path) {
    if (!Files.isRegularFile(path) || !DataMixture.isFile(path.getFileName().toString())) {
      return false;
    }
    Set<String> fields = fields(path);
    return fields.contains("data") && (fields.contains("root") || fields.contains("file"));
  }

  private static Detected ofDirectory(Path root) {
    if (has(root, name -> name.matches(ReferDataset.REFS))) {
      return new Detected(DataForm.REFER, root, "refs(…).p");
    }
    if (Files.isDirectory(root.resolve("Annotations"))
        && Files.isDirectory(root.resolve("Sentences"))) {
      return new Detected(DataForm.FLICKR30K, root, "Annotations and Sentences");
    }
    if (Files.isRegularFile(root.resolve("annotations.xml"))) {
      return ofFile(root.resolve("annotations.xml"));
    }
    if (has(VocDataset.annotations(root), name -> name.endsWith(".xml"))) {
      return new Detected(DataForm.VOC, root, "XML files");
    }
    List<Path> files = files(root, name -> name.matches(".*\\.(csv|jsonl|json)(\\.gz)?"));
    if (files.size() != 1) {
      throw error(
          root,
          "expected refs(…).p, Annotations with XML files, annotations.xml, or one file *.csv,"
              + " *.jsonl or *.json;"
              + " found "
              + (files.isEmpty() ? "none of them" : files.size() + " files: name one of them"));
    }
    return ofFile(files.get(0));
  }

  private static boolean has(Path directory, Predicate<String> name) {
    return !files(directory, name).isEmpty();
  }

  private static List<Path> files(Path directory, Predicate<String> name) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> name.test(file.getFileName().toString())).sorted().toList();
    } catch (IOException e) {
      throw error(directory, "not a directory that can be read: " + SystemMessages.reason(e));
    }
  }

  private static Detected ofFile(Path file) {
    if (file.getFileName().toString().matches(".*\\.csv(\\.gz)?")) {
      return new Detected(DataForm.CSV, file, "its name");
    }
    if (file.getFileName().toString().matches(".*\\.xml(\\.gz)?")) {
      return new Detected(DataForm.CVAT, file, "its name");
    }
    Set<String> fields = fields(file);
    if (fields.contains("grounding") || fields.contains("detection")) {
      return new Detected(DataForm.ODVG, file, "\"grounding\" or \"detection\"");
    }
    if (fields.contains("messages") || fields.contains("conversations")) {
      return new Detected(
          DataForm.QWEN,
          file,
          "\"messages\" or \"conversations\"; if its boxes are in pixels, say --data qwen-pixels");
    }
    if (fields.contains("images") && fields.contains("annotations")) {
      return fields.contains("images caption")
          ? new Detected(DataForm.MDETR, file, "\"images\" with captions")
          : new Detected(DataForm.COCO, file, "\"images\" and \"annotations\"");
    }
    if (fields.contains("data")
        && (fields.contains("annotations")
            || fields.contains("completions")
            || fields.contains("predictions"))) {
      return new Detected(DataForm.LABEL_STUDIO, file, "\"data\" and \"annotations\"");
    }
    if (fields.contains("* rectanglelabels")) {
      return new Detected(DataForm.LABEL_STUDIO, file, "\"rectanglelabels\"");
    }
    if (fields.contains("image") && fields.contains("text")) {
      return new Detected(DataForm.JSONL, file, "\"image\" and \"text\"");
    }
    throw error(
        file,
        "expected a CSV file or JSON of a known form, found "
            + (fields.isEmpty() ? "neither" : "the fields " + new TreeSet<>(fields)));
  }

  /** The names of the fields of a file's first object. */
  private static Set<String> fields(Path file) {
    Set<String> fields = new HashSet<>();
    try (JsonParser parser = JSON.createParser(DataFile.readText(file))) {
      JsonToken first = parser.nextToken();
      if (first == JsonToken.START_ARRAY) {
        first = parser.nextToken();
      }
      if (first == JsonToken.START_OBJECT) {
        readFields(parser, fields);
      }
    } catch (IOException e) {
      // What was read until there may tell the form, and its reader tells what is wrong.
    }
    return fields;
  }

  /** The names of an object's fields, and what shows a form in the first elements of its arrays. */
  private static void readFields(JsonParser parser, Set<String> fields) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (fields.size() < 100) {
        fields.add(CsvFile.brief(name));
      }
      JsonToken value = parser.nextToken();
      if (value == JsonToken.START_ARRAY) {
        JsonToken element = parser.nextToken();
        if (element == JsonToken.START_OBJECT) {
          JsonNode object = JSON.readTree(parser);
          if (name.equals("images") && object.has("caption")) {
            fields.add("images caption");
          }
          if (object.has("rectanglelabels")) {
            fields.add("* rectanglelabels");
          }
          element = parser.nextToken();
        }
        while (element != null && element != JsonToken.END_ARRAY) {
          parser.skipChildren();
          element = parser.nextToken();
        }
      } else {
        parser.skipChildren();
      }
    }
  }

  private static ScanFormerException error(Path path, String message) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, path + ": " + message);
  }
}
