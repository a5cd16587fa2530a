package org.scanformer.trainer;

/**
 * The settings of a run.
 *
 * @param steps of the whole run, unless it is to take a time
 * @param seconds that the whole run is to take, or 0
 * @param batchSize pairs per step
 * @param adamRate peak learning rate of AdamW
 * @param muonRate peak learning rate of Muon, where used
 * @param muon whether Muon optimises the layers' matrices
 * @param cosine whether the rate falls as a cosine from the warm-up's end; otherwise it is constant
 *     for 30 % of the run and then falls linearly to 0
 * @param warmup steps in which the rate rises from 0
 * @param seed of the initial values and of every random choice
 * @param curriculum whether the run starts with every patch selected
 */
record TrainOptions(
    long steps,
    double seconds,
    int batchSize,
    double adamRate,
    double muonRate,
    boolean muon,
    double weightDecay,
    boolean cosine,
    long warmup,
    long seed,
    boolean curriculum) {
  /**
   * The learning rate's factor at a step.
   *
   * @param step counted from 0
   * @param progress of the run, 0 to 1
   */
  double rate(long step, double progress) {
    double rise = warmup == 0 ? 1 : Math.min(1, (step + 1.0) / warmup);
    double fall;
    if (cosine) {
      double from = isTimed() ? 0 : Math.min(1, (double) warmup / steps);
      double t = progress <= from ? 0 : (progress - from) / (1 - from);
      fall = 0.5 * (1 + Math.cos(Math.PI * t));
    } else {
      fall = progress < 0.3 ? 1 : (1 - progress) / 0.7;
    }
    return rise * fall;
  }

  /** Whether the run is to take a time. */
  boolean isTimed() {
    return seconds > 0;
  }
}
