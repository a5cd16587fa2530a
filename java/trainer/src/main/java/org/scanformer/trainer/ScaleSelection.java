package org.scanformer.trainer;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * The patches of a scale that may be selected, those whose parent is. B pairs, n patches each.
 *
 * @param patches n
 * @param open their places among the B · n, pair after pair
 * @param chosen whether each of them is selected
 * @param gate 0 or 1 for each of them, with the gradient of its probability, [open]; null if all
 *     are 1 without a gradient
 */
record ScaleSelection(int patches, int[] open, boolean[] chosen, Tensor gate) {
  /** Every patch of the first scale. */
  static ScaleSelection everything(int pairs, int patches) {
    int[] open = new int[pairs * patches];
    Arrays.setAll(open, i -> i);
    boolean[] chosen = new boolean[open.length];
    Arrays.fill(chosen, true);
    return new ScaleSelection(patches, open, chosen, null);
  }

  /** 1 for each selected patch, B · n of them. */
  float[] selected(int pairs) {
    float[] selected = new float[pairs * patches];
    for (int i = 0; i < open.length; i++) {
      selected[open[i]] = chosen[i] ? 1 : 0;
    }
    return selected;
  }

  /** Number of selected patches of each pair. */
  int[] counts(int pairs) {
    int[] counts = new int[pairs];
    for (int i = 0; i < open.length; i++) {
      counts[open[i] / patches] += chosen[i] ? 1 : 0;
    }
    return counts;
  }

  /** Which of the open patches are selected, or are not. */
  long[] where(boolean selected) {
    long[] where = new long[open.length];
    int count = 0;
    for (int i = 0; i < open.length; i++) {
      if (chosen[i] == selected) {
        where[count++] = i;
      }
    }
    return Arrays.copyOf(where, count);
  }

  /** The places of the selected patches among the B · n. */
  int[] places() {
    return Arrays.stream(where(true)).mapToInt(i -> open[(int) i]).toArray();
  }
}
