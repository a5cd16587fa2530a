package org.scanformer.video;

/**
 * A low-pass filter whose cutoff rises with speed: slow signals lose their jitter, fast ones are
 * followed without lag. By Casiez, Roussel and Vogel, "1€ Filter: A Simple Speed-based Low-pass
 * Filter for Noisy Input in Interactive Systems", CHI 2012. Not safe for use by several threads.
 */
final class OneEuroFilter {
  /** The cutoff of the speed, in hertz, as in the paper. */
  private static final double SPEED_CUTOFF = 1;

  private final double minCutoff;
  private final double beta;
  private double value = Double.NaN;
  private double lastRaw;
  private double speed;
  private int values;

  /**
   * A filter without a value.
   *
   * @param minCutoff in hertz, of a signal that stands still
   * @param beta by how many hertz the cutoff rises with a speed of one unit a second
   */
  OneEuroFilter(double minCutoff, double beta) {
    this.minCutoff = minCutoff;
    this.beta = beta;
  }

  /** Forgets what was filtered. */
  void reset() {
    value = Double.NaN;
    speed = 0;
    values = 0;
  }

  /**
   * Filters a value.
   *
   * @param seconds since the value before, more than 0
   * @param unit what counts as one unit of speed, in the value's own measure
   */
  double filter(double raw, double seconds, double unit) {
    values++;
    if (Double.isNaN(value)) {
      value = raw;
      lastRaw = raw;
      return raw;
    }
    double rawSpeed = (raw - lastRaw) / seconds;
    lastRaw = raw;
    speed += smoothing(SPEED_CUTOFF, seconds) * (rawSpeed - speed);
    double cutoff = minCutoff + beta * Math.abs(speed) / unit;
    // The first values are averaged: otherwise the noise of the very first would stay for long.
    value += Math.max(1.0 / values, smoothing(cutoff, seconds)) * (raw - value);
    return value;
  }

  /** Units a second that the value changes by. */
  double speed() {
    return speed;
  }

  private static double smoothing(double cutoff, double seconds) {
    double rate = 2 * Math.PI * cutoff * seconds;
    return rate / (rate + 1);
  }
}
