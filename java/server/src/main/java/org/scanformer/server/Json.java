package org.scanformer.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Locale;

/** Reads and writes JSON. No state that changes, so it is thread-safe. */
public final class Json {
  /** Deeper than any request; a deeper one is refused before it takes a thread's stack. */
  private static final int MAX_DEPTH = 32;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  // What strangers send is not worth being remembered.
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          // Images come as text; the body's own limit holds.
                          .maxStringLength(Integer.MAX_VALUE)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /**
   * Reads an object.
   *
   * @param ticket counts the memory of what is read, but for the characters of its texts
   * @throws ServiceException BAD_REQUEST saying where it is not JSON; OVERLOADED when it needs more
   *     memory than there is
   */
  public static JsonNode readObject(byte[] json, int offset, int length, Admission.Ticket ticket) {
    JsonNode tree;
    try (JsonParser parser =
        new TreeMemory(MAPPER.getFactory().createParser(json, offset, length), ticket)) {
      tree = MAPPER.readTree(parser);
    } catch (JsonProcessingException e) {
      throw ServiceException.badRequest("The JSON cannot be read: %s", e.getOriginalMessage());
    } catch (IOException e) {
      throw ServiceException.badRequest("The JSON cannot be read: %s", e.getMessage());
    }
    if (tree == null || !tree.isObject()) {
      throw ServiceException.badRequest(
          "The JSON must be an object, found %s",
          tree == null || tree.isMissingNode()
              ? "nothing"
              : tree.getNodeType().toString().toLowerCase(Locale.ROOT));
    }
    return tree;
  }

  /** Writes what Jackson can write. */
  public static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
