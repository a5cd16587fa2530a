package org.scanformer.internal.engine;

import java.util.Arrays;

/**
 * How long work takes by its kind and number of rows, learnt from earlier work: a smoothed mean and
 * mean deviation, and mean + 4 deviations as the time to expect (Jacobson, Congestion Avoidance and
 * Control, SIGCOMM 1988). Work that is skipped because it is expected to take too long would never
 * correct what is expected of it, so after some skips in a row each one more moves that towards the
 * least time that was measured. Allocates nothing after construction. Not safe for several threads.
 */
final class CostModel {
  /** Rows that share a measurement. */
  private static final int BUCKET = 16;

  private static final double GAIN = 1.0 / 8;
  private static final int DEVIATIONS = 4;

  /** Skips in a row that change nothing: a quarter of a second of frames. */
  private static final int PATIENCE = 8;

  /** What a further skip takes off the distance to the least time. */
  private static final double DECAY = 1.0 / 16;

  /** With fewer measurements than this, the least of them may be a stall. */
  private static final int ENOUGH = 3;

  /** A measurement by kind and bucket; a mean of 0 nanoseconds is not measured yet. */
  private static final class Cost {
    private double mean;
    private double deviation;
    private double least;
    private int measured;
    private int skips;

    void learn(double nanos) {
      if (measured == 0) {
        mean = nanos;
        deviation = nanos / 16;
        least = nanos;
      } else {
        double difference = nanos - mean;
        mean += GAIN * difference;
        deviation += GAIN * (Math.abs(difference) - deviation);
        least = Math.min(least, nanos);
      }
      measured = Math.min(ENOUGH, measured + 1);
      skips = 0;
    }

    double bound() {
      return mean + DEVIATIONS * deviation;
    }

    void skip() {
      if (skips < PATIENCE) {
        skips++;
        return;
      }
      double floor = measured < ENOUGH ? 0 : least;
      mean -= DECAY * (mean - floor);
      deviation -= DECAY * deviation;
    }
  }

  private final Cost[][] costs;

  /** The longest that a row took in any work so far. */
  private double slowestRow;

  CostModel(int kinds, int maxRows) {
    costs = new Cost[kinds][maxRows / BUCKET + 2];
    for (Cost[] ofKind : costs) {
      Arrays.setAll(ofKind, b -> new Cost());
    }
  }

  private static int bucket(int rows) {
    return (rows + BUCKET - 1) / BUCKET;
  }

  /** Records how long work took. */
  void learn(int kind, int rows, long nanos) {
    costs[kind][bucket(rows)].learn(nanos);
    slowestRow = Math.max(slowestRow, (double) nanos / Math.max(1, rows));
  }

  /**
   * The nanoseconds to expect: as measured for that number of rows; otherwise for the nearest
   * larger number; otherwise for the nearest smaller one, in proportion; otherwise by the slowest
   * row of any work; 0 when nothing was ever measured.
   */
  double predict(int kind, int rows) {
    int b = source(kind, rows);
    if (b < 0) {
      return slowestRow * rows;
    }
    double bound = costs[kind][b].bound();
    return b < bucket(rows) ? bound * bucket(rows) / b : bound;
  }

  /** Records that work was left out because it was expected to take too long. */
  void skipped(int kind, int rows) {
    int b = source(kind, rows);
    if (b < 0) {
      slowestRow -= DECAY * slowestRow;
    } else {
      costs[kind][b].skip();
    }
  }

  /** The bucket whose measurements tell most about that number of rows; -1 without any. */
  private int source(int kind, int rows) {
    Cost[] ofKind = costs[kind];
    int wanted = bucket(rows);
    for (int b = wanted; b < ofKind.length; b++) {
      if (ofKind[b].measured > 0) {
        return b;
      }
    }
    for (int b = wanted - 1; b > 0; b--) {
      if (ofKind[b].measured > 0) {
        return b;
      }
    }
    return -1;
  }
}
