package org.scanformer.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The bytes of a file, read from a stream only as far as they are asked for and up to a limit. Not
 * safe for use by several threads.
 */
final class EncodedBytes {
  /** The longest array that every JVM allocates, with room for what is put after the file. */
  private static final int MAX_LENGTH = Integer.MAX_VALUE - 1024;

  private static final int CHUNK = 1 << 16;

  private final InputStream stream;
  private final long limit;
  private byte[] bytes;
  private int length;
  private boolean ended;

  /**
   * @param stream stays open
   * @param expected bytes that it probably has, 0 when unknown
   * @param limit of the bytes to read
   */
  EncodedBytes(InputStream stream, long expected, long limit) throws LimitExceeded {
    this.stream = stream;
    this.limit = Math.min(limit, MAX_LENGTH);
    LimitExceeded.check(expected, "bytes", this.limit, "encodedBytes");
    bytes = new byte[(int) Math.max(expected, CHUNK)];
  }

  /** Bytes from a file that is complete in memory. */
  EncodedBytes(byte[] bytes) {
    this.stream = InputStream.nullInputStream();
    this.limit = bytes.length;
    this.bytes = bytes;
    this.length = bytes.length;
    this.ended = true;
  }

  /** Whether the file has at least that many bytes. */
  boolean has(long count) throws IOException {
    while (length < count && !ended) {
      readSome();
    }
    return length >= count;
  }

  /** Reads the rest of the file and returns its length. */
  int readAll() throws IOException {
    while (!ended) {
      readSome();
    }
    return length;
  }

  private void readSome() throws IOException {
    if (length == bytes.length) {
      // A file of the expected length is not copied.
      int next = stream.read();
      if (next < 0) {
        ended = true;
        return;
      }
      long larger = Math.min(limit + 1, Math.max(length + (long) CHUNK, length + length / 2L));
      bytes = Arrays.copyOf(bytes, (int) Math.max(larger, length + 1L));
      bytes[length++] = (byte) next;
    } else {
      int read = stream.read(bytes, length, Math.min(bytes.length - length, CHUNK));
      ended = read < 0;
      length += Math.max(0, read);
    }
    LimitExceeded.check(length, "bytes or more", limit, "encodedBytes");
  }

  /** A byte, 0 to 255. */
  int u8(long at) throws IOException {
    require(at, 1);
    return bytes[(int) at] & 0xff;
  }

  /** Two bytes, the higher first. */
  int u16(long at) throws IOException {
    require(at, 2);
    return (bytes[(int) at] & 0xff) << 8 | bytes[(int) at + 1] & 0xff;
  }

  /** Two bytes, the lower first. */
  int u16le(long at) throws IOException {
    return Short.reverseBytes((short) u16(at)) & 0xffff;
  }

  /** Three bytes, the lowest first. */
  int u24le(long at) throws IOException {
    return u16le(at) | u8(at + 2) << 16;
  }

  /** Four bytes, the highest first. */
  long u32(long at) throws IOException {
    return (long) u16(at) << 16 | u16(at + 2);
  }

  /** Four bytes, the lowest first. */
  long u32le(long at) throws IOException {
    return u16le(at) | (long) u16le(at + 2) << 16;
  }

  /** Whether the bytes from there on are these characters, each of one byte. */
  boolean isAt(long at, String characters) throws IOException {
    if (!has(at + characters.length())) {
      return false;
    }
    for (int i = 0; i < characters.length(); i++) {
      if ((bytes[(int) at + i] & 0xff) != characters.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** A copy of a part. */
  byte[] copy(long at, long count) throws IOException {
    require(at, count);
    return Arrays.copyOfRange(bytes, (int) at, (int) (at + count));
  }

  /** Puts a part at the end of a file that is being written. */
  void copyTo(EncodedWriter out, long at, long count) throws IOException {
    require(at, count);
    out.put(bytes, (int) at, (int) count);
  }

  /** The whole file, where possible without a copy; it may be shared with this object. */
  byte[] whole() throws IOException {
    readAll();
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }

  /** Bytes that were read so far. */
  int length() {
    return length;
  }

  private void require(long at, long count) throws IOException {
    if (at < 0 || count < 0 || !has(at + count)) {
      throw new EOFException("the file ends before the " + (at + count) + " bytes it should have");
    }
  }
}
