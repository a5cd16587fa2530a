package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Takes values of a known form from JSON. Anything else is refused as BAD_MODEL, with the file, the
 * field, what was found and what was expected.
 *
 * @param file how messages name the file
 */
record JsonFields(String file) {
  private static final int CHARACTERS_IN_MESSAGE = 60;

  ScanFormerException error(String field, JsonNode found, String expected) {
    return error(field, JsonFiles.describe(found), expected);
  }

  ScanFormerException error(String field, String found, String expected) {
    return new ScanFormerException(
        ErrorCode.BAD_MODEL, file + ": " + field + ": expected " + expected + ", found " + found);
  }

  /** A name from the file as messages show it. */
  static String shortened(String name) {
    return name.length() <= CHARACTERS_IN_MESSAGE
        ? name
        : name.substring(0, CHARACTERS_IN_MESSAGE) + "...";
  }

  JsonNode object(JsonNode node, String field) {
    if (!node.isObject()) {
      throw error(field, node, "an object");
    }
    return node;
  }

  JsonNode array(JsonNode node, String field) {
    if (!node.isArray()) {
      throw error(field, node, "a list");
    }
    return node;
  }

  /** A text that is not empty. */
  String text(JsonNode node, String field) {
    if (!node.isTextual() || node.textValue().isEmpty()) {
      throw error(field, node, "a text");
    }
    return wellFormed(node.textValue(), field);
  }

  /** The text itself, unless it holds half a surrogate pair. */
  String wellFormed(String text, String field) {
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (Character.MIN_SURROGATE <= c && c <= Character.MAX_SURROGATE) {
        throw error(field, "\\u%04x by itself".formatted(c), "whole surrogate pairs");
      }
      i += Character.charCount(c);
    }
    return text;
  }

  int integer(JsonNode node, String field, int low, int high) {
    if (!node.isInt() || node.intValue() < low || node.intValue() > high) {
      throw error(field, node, "a whole number of " + low + " to " + high);
    }
    return node.intValue();
  }

  boolean flag(JsonNode object, String field, String name, boolean absent) {
    JsonNode node = object.path(name);
    if (node.isMissingNode()) {
      return absent;
    }
    if (!node.isBoolean()) {
      throw error(field + "." + name, node, "true or false");
    }
    return node.booleanValue();
  }

  /** The field is an object of that type. WordPiece may lack it, as in early files. */
  void requireType(JsonNode node, String field, String expected) {
    JsonNode type = object(node, field).path("type");
    boolean absent = type.isMissingNode() && expected.equals("WordPiece");
    if (!absent && !expected.equals(type.textValue())) {
      throw error(field + ".type", type, expected);
    }
  }

  /** The object has no other fields. */
  void requireKnown(JsonNode object, String field, Set<String> known) {
    object
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!known.contains(name)) {
                String path = field.isEmpty() ? shortened(name) : field + "." + shortened(name);
                throw error(path, object.path(name), "no such field");
              }
            });
  }
}
