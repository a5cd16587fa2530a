package org.scanformer.server.http;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.scanformer.server.Admission;

/**
 * Bytes that come in pieces, in an array that grows with them: a length alone, which costs nothing
 * to give, takes no memory. Not safe for use by several threads.
 */
final class CountedBytes {
  private static final byte[] NONE = {};

  private final Admission.Ticket ticket;
  private final int expected;
  private byte[] bytes = NONE;
  private int size;

  /**
   * No bytes yet.
   *
   * @param ticket counts the array, also where nothing has come to fill it yet
   * @param expected the number that is likely to come; room for more is made as they come
   */
  CountedBytes(Admission.Ticket ticket, int expected) {
    this.ticket = ticket;
    this.expected = expected;
  }

  /** How many have come. */
  int size() {
    return size;
  }

  /**
   * Adds a piece, which is read to its end.
   *
   * @throws org.scanformer.server.ServiceException as {@link Admission.Ticket#reserve(long)}; the
   *     piece is left as it is then
   */
  void add(ByteBuffer piece) {
    int more = piece.remaining();
    int needed = size + more;
    if (needed > bytes.length) {
      int length = (int) Math.min(2L * needed, Math.max(needed, expected));
      ticket.reserve(length - bytes.length);
      bytes = Arrays.copyOf(bytes, length);
    }
    piece.get(bytes, size, more);
    size = needed;
  }

  /** All that has come, and nothing else; none of it is kept here. */
  byte[] take() {
    byte[] all = size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
    ticket.giveBack(bytes.length - size);
    forget();
    return all;
  }

  /** Keeps nothing of what has come; the ticket counts it still. */
  void forget() {
    bytes = NONE;
    size = 0;
  }
}
