package org.scanformer.trainer;

import java.util.SplittableRandom;

/**
 * Which steps of a run select every patch, and what the others select. Immutable.
 *
 * @param steps of the whole run
 * @param seed of the run
 * @param curriculum whether the run starts with every patch selected
 * @param budget the largest share of the finest patches that the others select
 */
record SelectionSchedule(long steps, long seed, boolean curriculum, double budget) {
  /** Until this share of the run every patch is selected, if there is a curriculum. */
  private static final double DENSE_UNTIL = 0.05;

  /** After that, this share of the batches has every patch selected: the model needs both. */
  private static final double DENSE_SHARE = 0.1;

  /** What a step selects. */
  SelectionRule rule(long step) {
    return rule(step, (double) step / steps);
  }

  /**
   * What a step selects.
   *
   * @param progress of the run, 0 to 1
   */
  SelectionRule rule(long step, double progress) {
    SplittableRandom random = new SplittableRandom(seed * 31 + step);
    boolean begin = curriculum && progress < DENSE_UNTIL;
    boolean everything = begin || random.nextDouble() < DENSE_SHARE;
    // Probabilities between 0.1 and 0.5, as the threshold is chosen after training, and no more
    // patches than the chosen one may select: early on, nearly all are above any threshold.
    return everything
        ? SelectionRule.EVERYTHING
        : new SelectionRule(-2.2 * random.nextDouble(), budget);
  }

  /** The share of the steps from one on that select every patch, as is to be expected. */
  double denseShare(long from) {
    long left = steps - from;
    long begin = curriculum ? Math.max(0, (long) Math.ceil(DENSE_UNTIL * steps) - from) : 0;
    return left <= 0 ? 0 : (begin + DENSE_SHARE * (left - begin)) / left;
  }
}
