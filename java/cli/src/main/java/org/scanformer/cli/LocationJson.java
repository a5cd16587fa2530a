package org.scanformer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.ScaleResult;

/** Answers as JSON, numbers at full precision. */
final class LocationJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private LocationJson() {}

  /** One line. */
  static String toJson(Location location) {
    return write(put(MAPPER.createObjectNode(), location));
  }

  /** A new object. */
  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** One line. */
  static String write(ObjectNode node) {
    try {
      return MAPPER.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Adds an answer's fields to an object. */
  static ObjectNode put(ObjectNode root, Location location) {
    Box box = location.box();
    root.putObject("box")
        .put("x", box.x())
        .put("y", box.y())
        .put("width", box.width())
        .put("height", box.height());
    putBox(root, location.normalizedBox());
    putScore(root, location.score());
    root.put("backend", name(location.backend()));
    root.put("precision", name(location.precision()));
    root.put("schedule", name(location.schedule()));
    ArrayNode scales = root.putArray("scales");
    ObjectNode timings = MAPPER.createObjectNode();
    timings.put("pyramid", location.timings().pyramid() / 1e6);
    ArrayNode scaleTimings = timings.putArray("scales");
    for (ScaleResult scale : location.scales()) {
      ObjectNode node = scales.addObject();
      node.put("scale", scale.scale());
      node.put("rows", scale.mask().rows());
      node.put("cols", scale.mask().cols());
      node.put("selected", scale.mask().count());
      node.put("total", scale.mask().total());
      node.put("mask", scale.mask().toString());
      putBox(node, scale.box());
      putScore(node, scale.score());
      scaleTimings.add(scale.nanos() / 1e6);
    }
    timings.put("final", location.timings().finalPass() / 1e6);
    timings.put("total", location.timings().total() / 1e6);
    root.set("timings_ms", timings);
    return root;
  }

  private static void putBox(ObjectNode node, NormalizedBox box) {
    if (box == null) {
      node.putNull("box_cxcywh");
      return;
    }
    node.putArray("box_cxcywh")
        .add(box.centerX())
        .add(box.centerY())
        .add(box.width())
        .add(box.height());
  }

  private static void putScore(ObjectNode node, float score) {
    if (Float.isNaN(score)) {
      node.putNull("score");
    } else {
      node.put("score", score);
    }
  }

  /** The command line's name of an enum constant. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
