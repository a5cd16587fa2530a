package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;

/**
 * Ids of images and annotations as text, by value: 16, 16.0 and "16" are the same id. Ids may also
 * be other text.
 */
final class RecordId {
  private static final int MAX_DIGITS = 40;

  private RecordId() {}

  /** The id in a field of JSON, or null if it has none. */
  static String of(JsonNode value) {
    if (value == null || value.isTextual()) {
      return value == null ? null : of((Object) value.textValue());
    }
    return value.isNumber() ? of((Object) value.numberValue()) : null;
  }

  /** The id in a plain value, or null if it is none. */
  static String of(Object value) {
    if (value instanceof Integer || value instanceof Long || value instanceof Short) {
      return value.toString();
    }
    if (value instanceof BigInteger number) {
      return number.bitLength() < Long.SIZE ? number.toString() : null;
    }
    if (value instanceof Double number) {
      boolean whole = number == Math.rint(number) && Math.abs(number) < 1L << 53;
      return whole ? Long.toString(number.longValue()) : null;
    }
    if (!(value instanceof String text) || text.isBlank()) {
      return null;
    }
    String id = text.strip();
    return id.length() <= MAX_DIGITS && id.matches("-?[0-9]+") ? new BigInteger(id).toString() : id;
  }
}
