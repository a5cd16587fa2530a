package org.scanformer.internal.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Bytes of a file that is put together from parts of another one. Not thread-safe. */
final class EncodedWriter {
  private static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

  private byte[] bytes;
  private int length;

  EncodedWriter(int expected) {
    bytes = new byte[Math.max(64, expected)];
  }

  private void reserve(int count) {
    long needed = (long) length + count;
    if (needed > MAX_LENGTH) {
      throw new OutOfMemoryError("a file of " + needed + " bytes");
    }
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_LENGTH, needed + needed / 2));
    }
  }

  EncodedWriter put(byte[] from, int at, int count) {
    reserve(count);
    System.arraycopy(from, at, bytes, length, count);
    length += count;
    return this;
  }

  EncodedWriter put(byte[] from) {
    return put(from, 0, from.length);
  }

  EncodedWriter u8(int value) {
    reserve(1);
    bytes[length++] = (byte) value;
    return this;
  }

  /** The higher byte first. */
  EncodedWriter u16(int value) {
    return u8(value >> 8).u8(value);
  }

  EncodedWriter u16le(int value) {
    return u8(value).u8(value >> 8);
  }

  EncodedWriter u24le(int value) {
    return u16le(value).u8(value >> 16);
  }

  EncodedWriter u32(int value) {
    return u16(value >> 16).u16(value);
  }

  EncodedWriter u32le(int value) {
    return u16le(value).u16le(value >> 16);
  }

  /** Characters of one byte each. */
  EncodedWriter text(String characters) {
    return put(characters.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Bytes so far. */
  int length() {
    return length;
  }

  /** Overwrites four bytes, the highest first. */
  void setU32(int at, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[at + i] = (byte) (value >> 24 - 8 * i);
    }
  }

  /** Overwrites four bytes, the lowest first. */
  void setU32le(int at, int value) {
    setU32(at, Integer.reverseBytes(value));
  }

  /** The checksum of all bytes from there on. */
  int crc(int from) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length - from);
    return (int) crc.getValue();
  }

  /** The bytes so far, without a copy where the array is full. */
  byte[] toArray() {
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }
}
