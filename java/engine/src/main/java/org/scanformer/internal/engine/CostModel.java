package org.scanformer.internal.engine;

/**
 * How long work takes by its kind and number of rows, learnt from earlier work: a smoothed mean and
 * mean deviation, and mean + 4 deviations as the time to expect (Jacobson, Congestion Avoidance and
 * Control, SIGCOMM 1988). Allocates nothing after construction. Not safe for several threads.
 */
final class CostModel {
  /** Rows that share a measurement. */
  private static final int BUCKET = 16;

  private static final double GAIN = 1.0 / 8;
  private static final int DEVIATIONS = 4;

  /** [kinds, buckets] nanoseconds; a mean of 0 is not measured yet. */
  private final double[][] mean;

  private final double[][] deviation;

  /** The longest that a row took in any work so far. */
  private double slowestRow;

  CostModel(int kinds, int maxRows) {
    mean = new double[kinds][maxRows / BUCKET + 2];
    deviation = new double[kinds][maxRows / BUCKET + 2];
  }

  private static int bucket(int rows) {
    return (rows + BUCKET - 1) / BUCKET;
  }

  /** Records how long work took. */
  void learn(int kind, int rows, long nanos) {
    int b = bucket(rows);
    double old = mean[kind][b];
    if (old == 0) {
      mean[kind][b] = nanos;
      deviation[kind][b] = nanos / 16.0;
    } else {
      mean[kind][b] += GAIN * (nanos - old);
      deviation[kind][b] += GAIN * (Math.abs(nanos - old) - deviation[kind][b]);
    }
    slowestRow = Math.max(slowestRow, (double) nanos / Math.max(1, rows));
  }

  /**
   * The nanoseconds to expect: as measured for that number of rows; otherwise for the nearest
   * larger number; otherwise for the nearest smaller one, in proportion; otherwise by the slowest
   * row of any work; 0 when nothing was ever measured.
   */
  double predict(int kind, int rows) {
    double[] means = mean[kind];
    int wanted = bucket(rows);
    for (int b = wanted; b < means.length; b++) {
      if (means[b] > 0) {
        return bound(kind, b);
      }
    }
    for (int b = wanted - 1; b > 0; b--) {
      if (means[b] > 0) {
        return bound(kind, b) * wanted / b;
      }
    }
    return slowestRow * rows;
  }

  private double bound(int kind, int bucket) {
    return mean[kind][bucket] + DEVIATIONS * deviation[kind][bucket];
  }
}
