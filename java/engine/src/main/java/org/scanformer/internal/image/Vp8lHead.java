package org.scanformer.internal.image;

import java.io.IOException;
import java.util.Locale;
import org.scanformer.ImageLimits;

/**
 * What lossless WebP data have before the pixels themselves: transforms, and groups of prefix codes
 * with an image that says which group is for which pixels. The number of groups is not limited by
 * that of pixels, and a decoder builds tables for all of them.
 *
 * <p>The pixels of the images in the head are not kept. The highest group is the highest literal:
 * references and the colour cache only repeat what came before, or 0.
 */
final class Vp8lHead {
  /** A decoder's table of 256 numbers, with the objects around it. */
  private static final int TABLE_BYTES = 1_120;

  /** Codes of more bits than these have tables of a second level. */
  private static final int FIRST_BITS = 8;

  /** Tables of the second level that are not full: one of up to 128 numbers for each length. */
  private static final int SECOND_LEVEL_BYTES = 4_096;

  /** A code in a full table of the second level, which has at least two. */
  private static final int LONG_CODE_BYTES = 24;

  /** What building a table costs, that of collecting garbage included. */
  private static final int TABLE_NANOS = 20_000;

  /** What tables of the second level cost besides. */
  private static final int SECOND_LEVEL_NANOS = 30_000;

  private static final int SYMBOL_NANOS = 30;

  private static final int LITERALS = 256;
  private static final int LENGTHS = 24;
  private static final int DISTANCES = 40;
  private static final int MAX_CACHE_BITS = 11;

  private final LsbBits bits;
  private final ImageLimits limits;
  private final long encoded;
  private final int height;
  private final boolean[] transformed = new boolean[4];
  private int width;
  private double memory;
  private double nanos;

  private Vp8lHead(LsbBits bits, int width, int height, long encoded, ImageLimits limits) {
    this.bits = bits;
    this.width = width;
    this.height = height;
    this.encoded = encoded;
    this.limits = limits;
  }

  /**
   * Reads the head of data whose size is known, and compares what a decoder does for it with the
   * limits.
   *
   * @param from where the data begin, after their size
   * @param end where the chunk ends
   * @param pixelNanos processor time for a pixel
   * @return bytes of memory that the head's tables take
   */
  static double memory(
      EncodedBytes file,
      long from,
      long end,
      int width,
      int height,
      double pixelNanos,
      ImageLimits limits)
      throws IOException {
    LsbBits bits = new LsbBits(file, from, end);
    Vp8lHead head = new Vp8lHead(bits, width, height, file.length(), limits);
    head.nanos = pixelNanos * width * height;
    FirstPicture.checkTime(head.nanos, head.encoded, limits);
    head.read();
    return head.memory;
  }

  private void read() throws IOException {
    while (bits.flag()) {
      readTransform();
    }
    int alphabet = readAlphabet();
    int groups = 1;
    if (bits.flag()) {
      int shift = bits.read(3) + 2;
      int columns = sampled(width, shift);
      int rows = sampled(height, shift);
      groups = readImage(columns, rows) + 1;
      if (groups > (long) columns * rows) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%d groups of prefix codes, expected at most %d for as many parts of the picture",
                groups,
                (long) columns * rows));
      }
    }
    // What every group takes at least, before any is read.
    check(5.0 * TABLE_BYTES * groups, 5.0 * TABLE_NANOS * groups);
    for (int i = 0; i < groups; i++) {
      readGroup(alphabet);
      check(memory, nanos);
    }
  }

  private void check(double bytes, double time) throws IOException {
    FirstPicture.checkTime(time, encoded, limits);
    FirstPicture.checkMemory(bytes, 0, ExifOrientation.UPRIGHT, encoded, limits);
  }

  private void readTransform() throws IOException {
    int type = bits.read(2);
    if (transformed[type]) {
      throw new IOException("the same transform twice");
    }
    transformed[type] = true;
    if (type < 2) { // predictor and colour, for each block
      int shift = bits.read(3) + 2;
      readImage(sampled(width, shift), sampled(height, shift));
    } else if (type == 3) { // colour table
      int colors = bits.read(8) + 1;
      readImage(colors, 1);
      width = sampled(width, colors > 16 ? 0 : colors > 4 ? 1 : colors > 2 ? 2 : 3);
    }
  }

  private static int sampled(int size, int shift) {
    return size + (1 << shift) - 1 >> shift;
  }

  /** The number of symbols of a group's first code, of the colour cache among them. */
  private int readAlphabet() throws IOException {
    if (!bits.flag()) {
      return LITERALS + LENGTHS;
    }
    int cacheBits = bits.read(4);
    if (cacheBits < 1 || cacheBits > MAX_CACHE_BITS) {
      throw new IOException("a colour cache of " + cacheBits + " bits, expected 1 to 11");
    }
    return LITERALS + LENGTHS + (1 << cacheBits);
  }

  private PrefixCode[] readGroup(int alphabet) throws IOException {
    int[] alphabets = {alphabet, LITERALS, LITERALS, LITERALS, DISTANCES};
    PrefixCode[] codes = new PrefixCode[alphabets.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = PrefixCode.read(bits, alphabets[i]);
      memory += TABLE_BYTES;
      nanos += TABLE_NANOS + (double) SYMBOL_NANOS * codes[i].size();
      int longCodes = codes[i].longerThan(FIRST_BITS);
      if (longCodes > 0) {
        nanos += SECOND_LEVEL_NANOS;
        memory += SECOND_LEVEL_BYTES + (double) LONG_CODE_BYTES * longCodes;
      }
    }
    return codes;
  }

  /** Reads an image of one group of codes, and returns the highest of its red and green. */
  private int readImage(int columns, int rows) throws IOException {
    PrefixCode[] codes = readGroup(readAlphabet());
    int highest = 0;
    long left = (long) columns * rows;
    while (left > 0) {
      int symbol = codes[0].symbol(bits);
      if (symbol < LITERALS) {
        int red = codes[1].symbol(bits);
        codes[2].symbol(bits);
        codes[3].symbol(bits);
        highest = Math.max(highest, red << 8 | symbol);
        left--;
      } else if (symbol < LITERALS + LENGTHS) {
        int length = readCount(symbol - LITERALS);
        readCount(codes[4].symbol(bits));
        if (length > left) {
          throw new IOException("a reference of " + length + " pixels for the last " + left);
        }
        left -= length;
      } else {
        left--;
      }
    }
    return highest;
  }

  /** A length or distance by its symbol and the bits after that. */
  private int readCount(int symbol) throws IOException {
    if (symbol < 4) {
      return symbol + 1;
    }
    int extra = symbol - 2 >> 1;
    return (2 + (symbol & 1) << extra) + bits.read(extra) + 1;
  }
}
