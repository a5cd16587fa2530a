package org.scanformer.trainer;

import java.util.Arrays;

/**
 * Which patches of a finer scale a scan of a batch selects. Immutable.
 *
 * @param thresholdLogit those of larger logits; −∞ for every patch
 * @param budget the largest share of the finest scale's patches; 1 for no bound
 */
record SelectionRule(double thresholdLogit, double budget) {
  /** Every patch. */
  static final SelectionRule EVERYTHING = above(Double.NEGATIVE_INFINITY);

  /** Patches of logits above a threshold. */
  static SelectionRule above(double thresholdLogit) {
    return new SelectionRule(thresholdLogit, 1);
  }

  /** Whether every patch is selected. */
  boolean isEverything() {
    return thresholdLogit == Double.NEGATIVE_INFINITY;
  }

  /**
   * Selects among a scale's patches. Of more than the scale's share, those of the largest logits
   * are taken: over all of the batch, so that one image may have more of them than another.
   *
   * @param logits of the patches whose parents are selected
   * @param patches all of the scale's, in all pairs
   * @param depth how fine the scale is: 0 for the coarsest, 1 for the finest. The bound of a scale
   *     is budget^depth, as each one's patches are among the children of the one before.
   */
  boolean[] choose(float[] logits, int patches, double depth) {
    boolean[] chosen = new boolean[logits.length];
    double bound = thresholdLogit;
    int most = Math.max(1, (int) (patches * Math.pow(budget, depth)));
    if (!isEverything() && most < logits.length) {
      float[] sorted = logits.clone();
      Arrays.sort(sorted);
      bound = Math.max(bound, sorted[sorted.length - 1 - most]);
    }
    for (int i = 0; i < chosen.length; i++) {
      chosen[i] = isEverything() || logits[i] > bound;
    }
    return chosen;
  }
}
