package org.scanformer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/** Small lossless WebP files of one colour whose head makes a decoder work. */
final class WebpBombs {
  /** The order in which the lengths of the code for code lengths are stored. */
  private static final int[] LENGTH_ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  /** Of all pixels: more than enough for one bit of each of four colours. */
  private static final int PIXEL_BYTES = 1 << 19;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private long buffer;
  private int buffered;

  private WebpBombs() {}

  /** All of them, by what they are made of. */
  static Map<String, byte[]> all() {
    return Map.of(
        "groups", lossless(4, 4, 0, 65_536, false),
        "long-codes", lossless(4, 4, 0, 52_000, true),
        "groups-of-parts", lossless(1024, 1024, 0, 65_536, false),
        "groups-within-limit", lossless(1024, 1024, 0, 24_000, false),
        "long-codes-of-parts", lossless(1024, 1024, 0, 52_000, true),
        "long-codes-within-limit", lossless(1024, 1024, 0, 9_500, true),
        "alpha-groups", alpha(65_536),
        "transforms", lossless(5000, 5000, 100, 1, false));
  }

  /**
   * A file with so many groups of prefix codes.
   *
   * @param transforms how many times green is to be added to the other colours
   * @param longCodes whether codes are of up to 15 bits, instead of none
   */
  static byte[] lossless(int width, int height, int transforms, int groups, boolean longCodes) {
    WebpBombs out = new WebpBombs();
    out.put(0x2f, 8).put(width - 1, 14).put(height - 1, 14).put(0, 4);
    out.image(transforms, groups, longCodes);
    return riff(chunk("VP8L", out.toByteArray()));
  }

  /** Alpha before what is to be lossy data, which are not looked at. */
  private static byte[] alpha(int groups) {
    WebpBombs out = new WebpBombs().put(1, 8);
    out.image(0, groups, false);
    byte[] size = {0, 0, 0, (byte) 0x9d, 1, 0x2a, 4, 0, 4, 0};
    byte[] head = chunk("VP8X", new byte[] {0x10, 0, 0, 0, 3, 0, 0, 3, 0, 0});
    return riff(head, chunk("ALPH", out.toByteArray()), chunk("VP8 ", size));
  }

  private void image(int transforms, int groups, boolean longCodes) {
    for (int i = 0; i < transforms; i++) {
      put(1, 1).put(2, 2);
    }
    put(0, 2); // no more transforms, no colour cache
    if (groups == 1) {
      put(0, 1);
    } else {
      put(1, 1).put(0, 3).put(0, 1); // an image of groups, for 4x4 pixels each
      symbol(groups - 1 & 0xff).symbol(groups - 1 >> 8).symbol(0).symbol(0).symbol(0);
    }
    for (int i = 0; i < 5 * groups; i++) {
      if (longCodes) {
        longCode();
      } else {
        symbol(0);
      }
    }
    for (int i = 0; i < PIXEL_BYTES / 4; i++) {
      put(0, 32);
    }
  }

  /** A code of one symbol, of no bits. */
  private WebpBombs symbol(int symbol) {
    return put(1, 2).put(1, 1).put(symbol, 8);
  }

  /** A code of 16 symbols, of 1 to 15 bits. */
  private void longCode() {
    put(0, 1).put(15, 4);
    for (int symbol : LENGTH_ORDER) {
      put(symbol < 16 ? 4 : 0, 3);
    }
    put(1, 1).put(1, 3).put(14, 4); // 16 lengths, a number of four bits
    for (int i = 1; i <= 16; i++) {
      put(Integer.reverse(Math.min(i, 15)) >>> 28, 4);
    }
  }

  private WebpBombs put(long value, int bits) {
    buffer |= value << buffered;
    buffered += bits;
    for (; buffered >= 8; buffered -= 8) {
      bytes.write((int) buffer);
      buffer >>>= 8;
    }
    return this;
  }

  private byte[] toByteArray() {
    return put(0, 7).bytes.toByteArray();
  }

  private static byte[] riff(byte[]... chunks) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes("WEBP".getBytes(ISO_8859_1));
    for (byte[] chunk : chunks) {
      all.writeBytes(chunk);
    }
    return chunk("RIFF", all.toByteArray());
  }

  private static byte[] chunk(String name, byte[] contents) {
    return ByteBuffer.allocate(8 + contents.length + contents.length % 2)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(name.getBytes(ISO_8859_1))
        .putInt(contents.length)
        .put(contents)
        .array();
  }
}
