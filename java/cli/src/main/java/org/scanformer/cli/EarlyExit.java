package org.scanformer.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * The accuracy and the cost of stopping before the last scale. The cost of a stop is the number of
 * image tokens up to its scale relative to those of all scales; text tokens are not counted.
 */
final class EarlyExit {
  private EarlyExit() {}

  /** When to stop. */
  enum Rule {
    /** At the first scale whose score is at least the bound. */
    SCORE("score", 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
    /**
     * At the first scale whose box has an IoU of at least the bound with that of the one before.
     */
    AGREEMENT("agreement", 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95),
    /** At the scale of that number. */
    FIXED_SCALE("fixed_scale");

    private final String label;
    private final double[] bounds;

    Rule(String label, double... bounds) {
      this.label = label;
      this.bounds = bounds;
    }

    String label() {
      return label;
    }

    private boolean stops(PairResult.Scale scale, int number, double bound) {
      return switch (this) {
        case SCORE -> scale.score() >= bound;
        case AGREEMENT -> scale.agreement() >= bound;
        case FIXED_SCALE -> number >= bound;
      };
    }
  }

  /**
   * A rule with a bound.
   *
   * @param accuracy share of pairs whose box has an IoU of at least ½
   * @param meanCost mean over the pairs, 1 without stopping
   */
  record Point(double bound, double accuracy, double meanCost) {}

  /** A point for each bound of a rule. */
  static List<Point> curve(Rule rule, List<PairResult> results) {
    List<Point> points = new ArrayList<>();
    double[] bounds = rule.bounds;
    if (rule == Rule.FIXED_SCALE) {
      bounds = new double[results.get(0).scales().size()];
      for (int s = 0; s < bounds.length; s++) {
        bounds[s] = s;
      }
    }
    for (double bound : bounds) {
      points.add(point(rule, bound, results));
    }
    return points;
  }

  static Point point(Rule rule, double bound, List<PairResult> results) {
    int hits = 0;
    double cost = 0;
    for (PairResult result : results) {
      List<PairResult.Scale> scales = result.scales();
      int stop = 0;
      while (stop < scales.size() - 1 && !rule.stops(scales.get(stop), stop, bound)) {
        stop++;
      }
      hits += scales.get(stop).iou() >= 0.5 ? 1 : 0;
      double all = scales.stream().mapToInt(PairResult.Scale::tokens).sum();
      cost += scales.stream().limit(stop + 1L).mapToInt(PairResult.Scale::tokens).sum() / all;
    }
    return new Point(bound, (double) hits / results.size(), cost / results.size());
  }
}
