package org.scanformer.internal.model;

import java.util.Arrays;

/** Unicode's normalization form D, by the tables of {@link UnicodeTables}. */
final class CanonicalDecomposition {
  private static final int HANGUL = 0xac00;
  private static final int LEADING = 0x1100;
  private static final int VOWEL = 0x1161;
  private static final int TRAILING = 0x11a7;
  private static final int VOWELS = 21;
  private static final int TRAILINGS = 28;
  private static final int SYLLABLES = 19 * VOWELS * TRAILINGS;

  private static final int CLASS_SHIFT = 32;

  /** The code points of the decomposed text. */
  private final IntList decomposed = new IntList();

  /** Marks since the last starter, in the order of the text, and the combining class of each. */
  private final IntList marks = new IntList();

  private final IntList classes = new IntList();

  private CanonicalDecomposition() {}

  /** The code points of a text in form D. */
  static int[] of(String text) {
    CanonicalDecomposition decomposition = new CanonicalDecomposition();
    text.codePoints().forEach(decomposition::decompose);
    decomposition.flush();
    return decomposition.decomposed.toArray();
  }

  private void decompose(int codePoint) {
    if (codePoint < 0x80) {
      append(codePoint);
      return;
    }
    int syllable = codePoint - HANGUL;
    if (0 <= syllable && syllable < SYLLABLES) {
      append(LEADING + syllable / (VOWELS * TRAILINGS));
      append(VOWEL + syllable / TRAILINGS % VOWELS);
      if (syllable % TRAILINGS != 0) {
        append(TRAILING + syllable % TRAILINGS);
      }
      return;
    }
    int[] parts = UnicodeTables.decomposition(codePoint);
    if (parts == null) {
      append(codePoint);
      return;
    }
    for (int part : parts) {
      append(part);
    }
  }

  private void append(int codePoint) {
    int combiningClass = codePoint < 0x80 ? 0 : UnicodeTables.combiningClass(codePoint);
    if (combiningClass == 0) {
      flush();
      decomposed.add(codePoint);
    } else {
      marks.add(codePoint);
      classes.add(combiningClass);
    }
  }

  /** Orders the marks since the last starter by class. Any number of them may follow each other. */
  private void flush() {
    if (marks.size() == 0) {
      return;
    }
    int[] codePoints = marks.toArray();
    int[] keys = classes.toArray();
    long[] order = new long[codePoints.length];
    // The class above the place in the text: marks of one class keep their order.
    for (int i = 0; i < order.length; i++) {
      order[i] = (long) keys[i] << CLASS_SHIFT | i;
    }
    Arrays.sort(order);
    for (long key : order) {
      decomposed.add(codePoints[(int) key]);
    }
    marks.truncate(0);
    classes.truncate(0);
  }
}
