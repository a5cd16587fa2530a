package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.LaunchSizes;

/**
 * The sizes that the batches of a call of one image are launched with, when the device counts the
 * selected patches: exactly those that the host would round to.
 */
final class WholeCallSizes {
  private WholeCallSizes() {}

  /**
   * The sizes of each scale's batch beyond the coarsest, and of that of all tokens.
   *
   * @param totals patches of each scale's grid
   * @param maxSelected the most of them that may be selected
   */
  static LaunchSizes[] of(Backend backend, int[] totals, int[] maxSelected) {
    int scales = totals.length;
    LaunchSizes[] sizes = new LaunchSizes[scales];
    int least = 1 + totals[0];
    int most = least;
    for (int s = 1; s < scales; s++) {
      sizes[s - 1] = new LaunchSizes(ofScale(backend, totals[s], maxSelected[s]));
      least += tokens(0, totals[s]);
      most += mostTokens(totals[s], maxSelected[s]);
    }
    sizes[scales - 1] = new LaunchSizes(ofAll(backend, least, most));
    return sizes;
  }

  /** Whether there are scales to choose sizes of, and sizes that a device can choose from. */
  static boolean fit(Backend backend, int[] maxTotals, int[] maxSelected) {
    return maxTotals.length > 1 && most(backend, maxTotals, maxSelected) <= LaunchSizes.MAX;
  }

  /** The most sizes of a part, for grids of up to that many patches. */
  private static int most(Backend backend, int[] maxTotals, int[] maxSelected) {
    int most = 0;
    for (int count : counts(backend, maxTotals, maxSelected)) {
      most = Math.max(most, count);
    }
    return most;
  }

  /** The most sizes of all parts together, for grids of up to that many patches. */
  static int sum(Backend backend, int[] maxTotals, int[] maxSelected) {
    int sum = 0;
    for (int count : counts(backend, maxTotals, maxSelected)) {
      sum += count;
    }
    return sum;
  }

  private static int[] counts(Backend backend, int[] maxTotals, int[] maxSelected) {
    int scales = maxTotals.length;
    int[] counts = new int[scales];
    int most = 1 + maxTotals[0];
    for (int s = 1; s < scales; s++) {
      counts[s - 1] = ofScale(backend, maxTotals[s], maxSelected[s]).length;
      most += mostTokens(maxTotals[s], maxSelected[s]);
    }
    // A smaller grid begins with fewer tokens.
    counts[scales - 1] = ofAll(backend, 1, most).length;
    return counts;
  }

  private static int tokens(int selected, int total) {
    return 1 + selected + (selected < total ? 1 : 0);
  }

  private static int mostTokens(int total, int maxSelected) {
    return tokens(Math.min(total, maxSelected), total);
  }

  private static int[][] ofScale(Backend backend, int total, int maxSelected) {
    List<int[]> sizes = new ArrayList<>();
    for (int selected = 0; selected <= Math.min(total, maxSelected); selected++) {
      int rows = backend.passRows(tokens(selected, total));
      add(sizes, rows, backend.passRows(selected));
    }
    return sizes.toArray(int[][]::new);
  }

  private static int[][] ofAll(Backend backend, int least, int most) {
    List<int[]> sizes = new ArrayList<>();
    for (int tokens = least; tokens <= most; tokens++) {
      add(sizes, backend.passRows(tokens), LaunchSizes.ANY_PATCHES);
    }
    return sizes.toArray(int[][]::new);
  }

  /** Rows and patches grow with what is selected. */
  private static void add(List<int[]> sizes, int rows, int patches) {
    int[] last = sizes.isEmpty() ? null : sizes.get(sizes.size() - 1);
    if (last == null || last[0] != rows || last[1] != patches) {
      sizes.add(new int[] {rows, patches});
    }
  }
}
