package org.scanformer.internal.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads JSON that is not trusted: its size and depth are bounded, its names are unique, and nothing
 * may follow it.
 */
final class JsonFiles {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // A vocabulary's words are names: to intern them costs more than to read them.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          // Buffers kept for a thread would keep our class loader alive with it.
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(16).build())
          .build();

  private static final int CHARACTERS_IN_MESSAGE = 200;

  private JsonFiles() {}

  /** A value as messages show it: "missing" when there is none, cut when it is long. */
  static String describe(JsonNode node) {
    if (node == null || node.isMissingNode()) {
      return "missing";
    }
    String text = node.toString();
    return text.length() <= CHARACTERS_IN_MESSAGE
        ? text
        : text.substring(0, CHARACTERS_IN_MESSAGE) + "...";
  }

  /** The object that a file holds. */
  static JsonNode readObject(Path file, long maxBytes) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new ScanFormerException(
            ErrorCode.BAD_MODEL, file + ": found no such file, expected one");
      }
      requireSize(file, Files.size(file), maxBytes);
      return parseObject(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": could not be read: " + e.getMessage(), e);
    }
  }

  /** Refuses a file that is larger than anything sensible, before it is read. */
  static void requireSize(Path file, long bytes, long maxBytes) {
    if (bytes > maxBytes) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": found " + bytes + " bytes, expected at most " + maxBytes);
    }
  }

  /** The object that a text holds. */
  static JsonNode parseObject(String where, byte[] json) {
    String kind = FileKind.describe(json);
    if (kind != null) {
      throw new ScanFormerException(ErrorCode.BAD_MODEL, where + ": found " + kind);
    }
    try (JsonParser parser = FACTORY.createParser(json)) {
      JsonNode root = JsonTree.read(parser);
      if (root == null || !root.isObject()) {
        throw new ScanFormerException(
            ErrorCode.BAD_MODEL,
            where
                + ": expected a JSON object, found "
                + (root == null ? "nothing" : root.getNodeType()));
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, where + ": is not valid JSON: " + JsonFault.describe(e), e);
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, where + ": could not be read: " + e.getMessage(), e);
    }
  }
}
