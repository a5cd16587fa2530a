package org.scanformer.internal.model;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;

/**
 * Texts, each with a number, in which the longest one that begins at a place of another text is
 * found in one walk over it. Immutable.
 */
final class TokenTable {
  private final String[] texts;
  private final int[] numbers;

  /** Sorts the texts, none of which is empty. */
  TokenTable(Map<String, Integer> numberOf) {
    texts = numberOf.keySet().toArray(new String[0]);
    Arrays.sort(texts, Comparator.naturalOrder());
    numbers = new int[texts.length];
    for (int i = 0; i < texts.length; i++) {
      numbers[i] = numberOf.get(texts[i]);
    }
  }

  /** The index of the longest one that stands in a text at {@code from}, or -1. */
  int longestAt(String text, int from, int to) {
    int best = -1;
    int low = 0;
    int high = texts.length;
    // All texts of low...high - 1 are longer than depth and share their beginning with the text.
    for (int depth = 0; low < high && from + depth < to; depth++) {
      char next = text.charAt(from + depth);
      low = firstNotBelow(low, high, depth, next);
      high = firstNotBelow(low, high, depth, next + 1);
      if (low < high && texts[low].length() == depth + 1) {
        best = low;
        low++;
      }
    }
    return best;
  }

  int length(int index) {
    return texts[index].length();
  }

  int number(int index) {
    return numbers[index];
  }

  private int firstNotBelow(int from, int to, int depth, int unit) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (texts[middle].charAt(depth) < unit) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
