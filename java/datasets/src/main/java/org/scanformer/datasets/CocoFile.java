package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** A JSON file in COCO's format: images, annotations and categories. */
final class CocoFile {
  private final Path path;
  private final List<JsonNode> images = new ArrayList<>();
  private final Map<Long, JsonNode> imagesById = new HashMap<>();
  private final Map<Long, JsonNode> annotationsById = new HashMap<>();
  private final Map<Long, List<JsonNode>> annotationsByImage = new HashMap<>();
  private final Map<Long, String> categories = new HashMap<>();

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
    if (!Files.isRegularFile(path)) {
      throw new ScanFormerException(ErrorCode.BAD_INPUT, path + ": no such file");
    }
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(path.toFile());
    } catch (JsonProcessingException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, path + ": not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new ScanFormerException(ErrorCode.BAD_INPUT, path + ": could not be read: " + e, e);
    }
    CocoFile file = new CocoFile(path);
    for (JsonNode image : file.array(root, "images")) {
      file.images.add(image);
      file.imagesById.putIfAbsent(id(image, "id"), image);
    }
    for (JsonNode annotation : file.array(root, "annotations")) {
      file.annotationsById.putIfAbsent(id(annotation, "id"), annotation);
      file.annotationsByImage
          .computeIfAbsent(id(annotation, "image_id"), key -> new ArrayList<>())
          .add(annotation);
    }
    for (JsonNode category : root.path("categories")) {
      file.categories.put(id(category, "id"), category.path("name").asText(null));
    }
    return file;
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

  /** An id, or a negative number that no record has. */
  private static long id(JsonNode node, String name) {
    JsonNode value = node.path(name);
    return value.isIntegralNumber() ? value.longValue() : Long.MIN_VALUE;
  }

  List<JsonNode> images() {
    return images;
  }

  JsonNode image(long id) {
    return imagesById.get(id);
  }

  JsonNode annotation(long id) {
    return annotationsById.get(id);
  }

  List<JsonNode> annotationsOf(JsonNode image) {
    return annotationsByImage.getOrDefault(id(image, "id"), List.of());
  }

  /** The part of an annotation's box within its image, or null if there is none. */
  static Box box(JsonNode annotation, JsonNode image) {
    JsonNode bbox = annotation.path("bbox");
    if (!bbox.isArray() || bbox.size() != 4) {
      return null;
    }
    return ImageFile.clip(
        bbox.get(0).asDouble(Double.NaN),
        bbox.get(1).asDouble(Double.NaN),
        bbox.get(2).asDouble(Double.NaN),
        bbox.get(3).asDouble(Double.NaN),
        image.path("width").asInt(0),
        image.path("height").asInt(0));
  }

  /** Every annotated object of an image. */
  List<ImageObject> objects(JsonNode image) {
    List<ImageObject> objects = new ArrayList<>();
    for (JsonNode annotation : annotationsOf(image)) {
      Box box = box(annotation, image);
      if (box != null) {
        objects.add(new ImageObject(box, categories.get(id(annotation, "category_id")), null));
      }
    }
    return List.copyOf(objects);
  }
}
