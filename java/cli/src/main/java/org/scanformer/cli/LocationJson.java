package org.scanformer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.scanformer.Location;

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

  /** Adds an answer's fields to an object, as {@link Location} describes them. */
  static ObjectNode put(ObjectNode root, Location location) {
    return root.setAll((ObjectNode) MAPPER.valueToTree(location));
  }
}
