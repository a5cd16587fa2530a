package org.scanformer.internal.image;

import java.io.EOFException;
import java.io.IOException;

/** Reads a part of a file as bits, each byte's lowest first. Not thread-safe. */
final class LsbBits {
  private final EncodedBytes file;
  private final long end;
  private long next;
  private long buffer;
  private int buffered;

  /**
   * @param from offset of the first byte
   * @param end offset after the last byte
   */
  LsbBits(EncodedBytes file, long from, long end) {
    this.file = file;
    this.next = from;
    this.end = end;
  }

  /** A number of up to 32 bits. */
  int read(int bits) throws IOException {
    while (buffered < bits) {
      if (next >= end) {
        throw new EOFException("the data end before the picture does");
      }
      buffer |= (long) file.u8(next++) << buffered;
      buffered += 8;
    }
    int value = (int) (buffer & (1L << bits) - 1);
    buffer >>>= bits;
    buffered -= bits;
    return value;
  }

  /** Whether the next bit is 1. */
  boolean flag() throws IOException {
    return read(1) == 1;
  }
}
