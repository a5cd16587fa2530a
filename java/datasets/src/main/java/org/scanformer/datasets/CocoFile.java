package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.internal.model.JsonFault;

/** A JSON file in COCO's format: images, annotations and categories. */
final class CocoFile {
  /** What follows the first value, as in files put one after another, would be lost. */
  private static final ObjectReader WHOLE =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path path;
  private final List<JsonNode> images = new ArrayList<>();
  private final Map<String, JsonNode> imagesById = new HashMap<>();
  private final Set<String> imagesTwice = new HashSet<>();
  private final Map<String, JsonNode> annotationsById = new HashMap<>();
  private final Set<String> annotationsTwice = new HashSet<>();
  private final Map<String, List<JsonNode>> annotationsByImage = new HashMap<>();
  private final Map<String, String> categories = new HashMap<>();

  private CocoFile(Path path) {
    this.path = path;
  }

  /**
   * Reads a file.
   *
   * @throws ScanFormerException BAD_INPUT when it is missing, not JSON, or without images or
   *     annotations
   */
  static CocoFile read(Path path) {
    JsonNode root = json(path);
    CocoFile file = new CocoFile(path);
    for (JsonNode image : file.array(root, "images")) {
      file.images.add(image);
      put(image, file.imagesById, file.imagesTwice);
    }
    for (JsonNode annotation : file.array(root, "annotations")) {
      put(annotation, file.annotationsById, file.annotationsTwice);
      String image = RecordId.of(annotation.get("image_id"));
      file.annotationsByImage.computeIfAbsent(image, key -> new ArrayList<>()).add(annotation);
    }
    for (JsonNode category : root.path("categories")) {
      String id = RecordId.of(category.get("id"));
      if (id != null) {
        file.categories.put(id, category.path("name").asText(null));
      }
    }
    return file;
  }

  /**
   * Reads JSON, which may be compressed by gzip.
   *
   * @throws ScanFormerException BAD_INPUT naming the file, line and column
   */
  static JsonNode json(Path path) {
    return json(path, DataFile.read(path));
  }

  /** The same for contents that were read already. */
  static JsonNode json(Path path, byte[] bytes) {
    try {
      return WHOLE.readTree(bytes);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, path + ": not JSON" + place + ": " + JsonFault.describe(e), e);
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, path + ": could not be read: " + SystemMessages.reason(e), e);
    }
  }

  private static void put(JsonNode record, Map<String, JsonNode> byId, Set<String> twice) {
    String id = RecordId.of(record.get("id"));
    if (id != null && byId.putIfAbsent(id, record) != null) {
      twice.add(id);
    }
  }

  private JsonNode array(JsonNode root, String name) {
    JsonNode node = root == null ? null : root.get(name);
    if (node == null || !node.isArray()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          path + ": expected an object with the array \"" + name + "\", found none");
    }
    return node;
  }

  List<JsonNode> images() {
    return images;
  }

  /**
   * The image of an id.
   *
   * @throws ScanFormerException BAD_INPUT when there is none, or more than one
   */
  JsonNode image(String id) {
    return unique("image", id, imagesById, imagesTwice);
  }

  /**
   * The annotation of an id.
   *
   * @throws ScanFormerException BAD_INPUT when there is none, or more than one
   */
  JsonNode annotation(String id) {
    return unique("annotation", id, annotationsById, annotationsTwice);
  }

  private JsonNode unique(String kind, String id, Map<String, JsonNode> byId, Set<String> twice) {
    JsonNode found = id == null ? null : byId.get(id);
    if (found == null || twice.contains(id)) {
      throw problem(
          "expected one "
              + kind
              + " "
              + id
              + " in "
              + path.getFileName()
              + ", found "
              + (found == null ? "none" : "several"));
    }
    return found;
  }

  /** Annotations of an image of that id. */
  List<JsonNode> annotationsOf(String imageId) {
    return imageId == null ? List.of() : annotationsByImage.getOrDefault(imageId, List.of());
  }

  /**
   * The transform of an image's boxes.
   *
   * @throws ScanFormerException BAD_INPUT when its size is neither missing nor that of the file
   */
  static BoxTransform transform(JsonNode image, ImageHeader header, Path file) {
    JsonNode width = image.path("width");
    JsonNode height = image.path("height");
    if ((width.isMissingNode() || width.isNull()) && (height.isMissingNode() || height.isNull())) {
      return BoxTransform.ofFile(header);
    }
    int w = side(width);
    int h = side(height);
    if (w < 1 || h < 1) {
      throw problem(
          "expected a width and a height of at least 1, found "
              + brief(width)
              + " and "
              + brief(height));
    }
    return BoxTransform.of(w, h, header, file.toString());
  }

  private static int side(JsonNode value) {
    String id = RecordId.of(value);
    return id != null && id.matches("[0-9]{1,9}") ? Integer.parseInt(id) : 0;
  }

  /**
   * The part of an annotation's box within its image, in upright pixels of the file.
   *
   * @throws RecordFault when there is none
   */
  static Box box(JsonNode annotation, BoxTransform transform) {
    JsonNode bbox = annotation.path("bbox");
    if (!bbox.isArray() || bbox.size() != 4) {
      throw new RecordFault(
          BadRecord.Kind.BOX, "expected a \"bbox\" [x, y, width, height], found " + brief(bbox));
    }
    return transform.part(
        bbox.get(0).asDouble(Double.NaN),
        bbox.get(1).asDouble(Double.NaN),
        bbox.get(2).asDouble(Double.NaN),
        bbox.get(3).asDouble(Double.NaN),
        "\"bbox\" " + brief(bbox));
  }

  private static Box boxOrNull(JsonNode annotation, BoxTransform transform) {
    try {
      return box(annotation, transform);
    } catch (RecordFault e) {
      return null; // Told of those that a pair is of.
    }
  }

  /** Annotations that are of no image of the file. */
  List<JsonNode> strayAnnotations() {
    List<JsonNode> stray = new ArrayList<>();
    annotationsByImage.forEach(
        (image, annotations) -> {
          if (image == null || !imagesById.containsKey(image)) {
            stray.addAll(annotations);
          }
        });
    return stray;
  }

  /** The name of an annotation's category, or null if it has none. */
  String category(JsonNode annotation) {
    return categories.get(RecordId.of(annotation.get("category_id")));
  }

  /** Every annotated object of an image, in upright pixels of the file. */
  List<ImageObject> objects(String imageId, BoxTransform transform) {
    List<ImageObject> objects = new ArrayList<>();
    for (JsonNode annotation : annotationsOf(imageId)) {
      Box box = boxOrNull(annotation, transform);
      if (box != null) {
        objects.add(new ImageObject(box, category(annotation), null));
      }
    }
    return List.copyOf(objects);
  }

  /** Categories of which an image has crowds, or objects without a usable box. */
  Set<String> uncounted(String imageId, BoxTransform transform) {
    Set<String> uncounted = new HashSet<>();
    for (JsonNode annotation : annotationsOf(imageId)) {
      String category = category(annotation);
      boolean crowd = annotation.path("iscrowd").asInt(0) == 1;
      if (category != null && (crowd || boxOrNull(annotation, transform) == null)) {
        uncounted.add(category);
      }
    }
    return uncounted;
  }

  /**
   * Whether an image has an object that is in no list, as it has neither a usable box nor a name.
   */
  boolean hasNameless(String imageId, BoxTransform transform) {
    return annotationsOf(imageId).stream()
        .anyMatch(each -> category(each) == null && boxOrNull(each, transform) == null);
  }

  /** A value for messages, cut where it is long. */
  static String brief(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= 100 ? text : text.substring(0, 100) + "…";
  }

  /** What makes one record bad. */
  static ScanFormerException problem(String message) {
    return new RecordFault(BadRecord.Kind.RECORD, message);
  }
}
