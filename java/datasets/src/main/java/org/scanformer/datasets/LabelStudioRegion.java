package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.Box;

/**
 * A region of an annotation of Label Studio: what all results of its id say. Not safe for use by
 * several threads.
 */
final class LabelStudioRegion {
  private static final double PERCENT = 100;

  private final String id;
  private final List<String> labels = new ArrayList<>();
  private final List<String> texts = new ArrayList<>();
  private final List<String> choices = new ArrayList<>();
  private JsonNode rectangle;
  private String shape;
  private String type;

  private LabelStudioRegion(String id) {
    this.id = id;
  }

  /** The regions of an annotation, in its order. Results without an id are regions of their own. */
  static Collection<LabelStudioRegion> of(JsonNode annotation) {
    Map<String, LabelStudioRegion> regions = new LinkedHashMap<>();
    int number = 0;
    for (JsonNode result : annotation.path("result")) {
      String place = "number " + number++;
      String given = RecordId.of(result.get("id"));
      // A relation names regions, and is none.
      if (!result.path("type").asText("").equals("relation")) {
        regions.computeIfAbsent(given == null ? place : given, LabelStudioRegion::new).add(result);
      }
    }
    return regions.values();
  }

  private void add(JsonNode result) {
    JsonNode value = result.path("value");
    type = result.path("type").asText("");
    if (type.equals("rectanglelabels") || type.equals("rectangle")) {
      rectangle = rectangle == null ? result : rectangle;
    } else if (value.has("x") || value.has("points") || value.has("rle") || value.has("vertices")) {
      shape = type;
    }
    if (type.endsWith("labels")) {
      addTexts(value.path(type), labels);
    } else if (type.equals("textarea")) {
      addTexts(value.path("text"), texts);
    } else if (type.equals("choices")) {
      addTexts(value.path("choices"), choices);
    }
  }

  /** Adds a text or an array of them, without those that are there already. */
  private static void addTexts(JsonNode value, List<String> to) {
    for (JsonNode each : value.isArray() ? value : List.of(value)) {
      String text = each.isTextual() ? each.textValue().strip() : "";
      if (!text.isEmpty() && !to.contains(text)) {
        to.add(text);
      }
    }
  }

  String id() {
    return id;
  }

  /** The names of its categories; may be empty. */
  List<String> labels() {
    return labels;
  }

  /** What annotators wrote about it; may be empty. */
  List<String> texts() {
    return texts;
  }

  /** What annotators chose for it; may be empty. */
  List<String> choices() {
    return choices;
  }

  /** Whether it is a part of the image, of whatever shape. */
  boolean isShape() {
    return rectangle != null || shape != null;
  }

  /** The result with its rectangle, or null if it has none. */
  JsonNode rectangle() {
    return rectangle;
  }

  /**
   * Its box in upright pixels of the image's file; a rotation turns a rectangle about its first
   * corner.
   *
   * @throws RecordFault when it has no rectangle, or none within the image
   */
  Box box(Picture picture) {
    if (rectangle == null) {
      throw shape == null
          ? new RecordFault(
              BadRecord.Kind.NO_BOX,
              "expected a rectangle, found " + CsvFile.brief(type) + " of the whole image")
          : new RecordFault(
              BadRecord.Kind.BOX,
              "expected a rectangle, found " + CsvFile.brief(shape) + ", which is not used");
    }
    JsonNode turn = rectangle.path("image_rotation");
    if (turn.asDouble(0) != 0) {
      throw new RecordFault(
          BadRecord.Kind.BOX,
          "expected an upright image, found image_rotation " + CocoFile.brief(turn));
    }
    JsonNode value = rectangle.path("value");
    double x = number(value, "x") / PERCENT * picture.width();
    double y = number(value, "y") / PERCENT * picture.height();
    double degrees = value.hasNonNull("rotation") ? number(value, "rotation") : 0;
    return picture.turned(
        x,
        y,
        number(value, "width") / PERCENT * picture.width(),
        number(value, "height") / PERCENT * picture.height(),
        degrees,
        x,
        y,
        "in percent " + CocoFile.brief(value));
  }

  private static double number(JsonNode value, String name) {
    JsonNode number = value.path(name);
    return number.isNumber() ? number.asDouble() : Double.NaN;
  }
}
