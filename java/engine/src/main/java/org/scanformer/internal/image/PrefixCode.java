package org.scanformer.internal.image;

import java.io.IOException;

/** A prefix code of lossless WebP data. Immutable. */
final class PrefixCode {
  private static final int MAX_LENGTH = 15;

  /** The order in which the lengths of the code for code lengths are stored. */
  private static final int[] LENGTH_ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  /** From here on, symbols of the code for code lengths repeat one. */
  private static final int REPEAT = 16;

  private static final int INITIAL_LENGTH = 8;

  /** Symbols in order of their codes. */
  private final int[] symbols;

  /** By length, how many symbols have a code of that many bits. */
  private final int[] counts;

  private PrefixCode(int[] symbols, int[] counts) {
    this.symbols = symbols;
    this.counts = counts;
  }

  /** Reads a code for symbols from 0 to one less than a number of them. */
  static PrefixCode read(LsbBits bits, int alphabet) throws IOException {
    return bits.flag() ? readSimple(bits, alphabet) : ofLengths(readLengths(bits, alphabet));
  }

  private static PrefixCode readSimple(LsbBits bits, int alphabet) throws IOException {
    int[] symbols = new int[bits.flag() ? 2 : 1];
    symbols[0] = bits.read(bits.flag() ? 8 : 1);
    if (symbols.length == 2) {
      symbols[1] = bits.read(8);
    }
    for (int symbol : symbols) {
      if (symbol >= alphabet) {
        throw new IOException("a prefix code for the symbol " + symbol + " of " + alphabet);
      }
    }
    int[] counts = new int[MAX_LENGTH + 1];
    counts[symbols.length - 1] = symbols.length;
    return new PrefixCode(symbols, counts);
  }

  private static int[] readLengths(LsbBits bits, int alphabet) throws IOException {
    int[] ofLengths = new int[LENGTH_ORDER.length];
    int stored = bits.read(4) + 4;
    for (int i = 0; i < stored; i++) {
      ofLengths[LENGTH_ORDER[i]] = bits.read(3);
    }
    PrefixCode code = ofLengths(ofLengths);
    int left = alphabet;
    if (bits.flag()) {
      left = 2 + bits.read(2 + 2 * bits.read(3));
    }
    int[] lengths = new int[alphabet];
    int last = INITIAL_LENGTH;
    for (int i = 0; i < alphabet && left > 0; left--) {
      int symbol = code.symbol(bits);
      if (symbol < REPEAT) {
        lengths[i++] = symbol;
        last = symbol == 0 ? last : symbol;
        continue;
      }
      int repeated = symbol == REPEAT ? last : 0;
      int count = symbol == REPEAT ? 3 + bits.read(2) : symbol == 17 ? 3 + bits.read(3) : 0;
      count = symbol == 18 ? 11 + bits.read(7) : count;
      if (count > alphabet - i) {
        throw new IOException("more lengths of codes than the " + alphabet + " symbols");
      }
      for (int end = i + count; i < end; i++) {
        lengths[i] = repeated;
      }
    }
    return lengths;
  }

  /** The canonical code of these lengths, by symbol, 0 for symbols that have none. */
  private static PrefixCode ofLengths(int[] lengths) throws IOException {
    int[] counts = new int[MAX_LENGTH + 1];
    int used = 0;
    int last = 0;
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] > 0) {
        counts[lengths[symbol]]++;
        used++;
        last = symbol;
      }
    }
    if (used == 1) {
      int[] single = new int[MAX_LENGTH + 1];
      single[0] = 1;
      return new PrefixCode(new int[] {last}, single);
    }
    int[] starts = new int[MAX_LENGTH + 2];
    int open = 1;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      open = 2 * open - counts[length];
      if (open < 0) {
        break;
      }
      starts[length + 1] = starts[length] + counts[length];
    }
    if (open != 0) {
      throw new IOException("a prefix code that is not complete");
    }
    int[] symbols = new int[used];
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] > 0) {
        symbols[starts[lengths[symbol]]++] = symbol;
      }
    }
    return new PrefixCode(symbols, counts);
  }

  /** Reads a symbol. */
  int symbol(LsbBits bits) throws IOException {
    if (symbols.length == 1) {
      return symbols[0];
    }
    int code = 0;
    int first = 0;
    int index = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      code |= bits.read(1);
      int count = counts[length];
      if (code - first < count) {
        return symbols[index + code - first];
      }
      index += count;
      first = first + count << 1;
      code <<= 1;
    }
    throw new IOException("bits that are no symbol's code");
  }

  /** Symbols that have a code. */
  int size() {
    return symbols.length;
  }

  /** Symbols whose codes have more than a number of bits. */
  int longerThan(int bits) {
    int longer = 0;
    for (int length = bits + 1; length <= MAX_LENGTH; length++) {
      longer += counts[length];
    }
    return longer;
  }
}
