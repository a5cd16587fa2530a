package org.scanformer.server;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;

/**
 * Counts the nodes of a tree as it grows, as one of two bytes of JSON can take a hundred bytes of
 * memory, and a name much time. The characters of texts are not counted. Not safe for use by
 * several threads.
 */
final class TreeMemory extends JsonParserDelegate {
  /** The most that is held before it is counted. */
  private static final int STEP = 1 << 16;

  /** A node, its map and the map's table. */
  private static final int OBJECT = 160;

  /** A node and its list. */
  private static final int ARRAY = 112;

  /** A name, its entry in the map, and one where names that are there twice are found. */
  private static final int FIELD = 200;

  /** A node and its place in a list. */
  private static final int SCALAR = 32;

  /** More than any request has; elements of tensors are arrays and scalars. */
  private static final int MAX_FIELDS = 1000;

  private final Admission.Ticket ticket;
  private int uncounted;
  private int fields;

  TreeMemory(JsonParser parser, Admission.Ticket ticket) {
    super(parser);
    this.ticket = ticket;
  }

  /**
   * The next token.
   *
   * @throws ServiceException OVERLOADED when the tree needs more than the ticket gives; BAD_REQUEST
   *     when it has too many objects and fields
   */
  @Override
  public JsonToken nextToken() throws IOException {
    JsonToken token = super.nextToken();
    uncounted += token == null ? 0 : bytes(token);
    if ((token == JsonToken.FIELD_NAME || token == JsonToken.START_OBJECT)
        && ++fields > MAX_FIELDS) {
      throw ServiceException.badRequest("The JSON has more than %d objects and fields", MAX_FIELDS);
    }
    if (uncounted >= STEP) {
      ticket.reserve(uncounted);
      uncounted = 0;
    }
    return token;
  }

  private static int bytes(JsonToken token) {
    return switch (token) {
      case START_OBJECT -> OBJECT;
      case START_ARRAY -> ARRAY;
      case FIELD_NAME -> FIELD;
      case END_OBJECT, END_ARRAY -> 0;
      default -> SCALAR;
    };
  }
}
