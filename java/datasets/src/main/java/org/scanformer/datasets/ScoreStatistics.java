package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How well scores tell right from wrong. Every score is from 0 to 1 and not NaN. Stateless. */
public final class ScoreStatistics {
  private ScoreStatistics() {}

  /**
   * The area under the ROC curve: the share of pairs of a positive and a negative in which the
   * positive has the larger score; equal scores count half.
   *
   * @return NaN if there are no positives or no negatives
   */
  public static double areaUnderCurve(double[] positives, double[] negatives) {
    double[] sorted = negatives.clone();
    Arrays.sort(sorted);
    double wins = 0;
    for (double positive : positives) {
      wins += (below(sorted, positive) + notAbove(sorted, positive)) / 2.0;
    }
    return wins / ((double) positives.length * negatives.length);
  }

  /** The share of scores that are at least a threshold; NaN if there are none. */
  public static double accepted(double[] scores, double threshold) {
    return Arrays.stream(scores)
        .map(score -> score >= threshold ? 1 : 0)
        .average()
        .orElse(Double.NaN);
  }

  /**
   * The threshold with the best balanced accuracy: the mean of the share of positives that are at
   * least the threshold and the share of negatives that are less. It lies in the middle between two
   * scores.
   *
   * @throws IllegalArgumentException when there are no positives or no negatives
   */
  public static double balancedThreshold(double[] positives, double[] negatives) {
    if (positives.length == 0 || negatives.length == 0) {
      throw new IllegalArgumentException(
          "expected positives and negatives, found "
              + positives.length
              + " and "
              + negatives.length);
    }
    double[] highs = positives.clone();
    double[] lows = negatives.clone();
    Arrays.sort(highs);
    Arrays.sort(lows);
    double[] all = new double[highs.length + lows.length + 2];
    System.arraycopy(highs, 0, all, 0, highs.length);
    System.arraycopy(lows, 0, all, highs.length, lows.length);
    all[all.length - 1] = 1;
    Arrays.sort(all);
    double best = -1;
    double threshold = 0.5;
    for (int i = 1; i < all.length; i++) {
      double between = (all[i - 1] + all[i]) / 2;
      double accuracy =
          1
              - (double) below(highs, between) / highs.length
              + (double) below(lows, between) / lows.length;
      if (all[i] > all[i - 1] && accuracy > best) {
        best = accuracy;
        threshold = between;
      }
    }
    return threshold;
  }

  /**
   * The largest threshold at which at least a share of the scores is accepted.
   *
   * @param share greater than 0, at most 1
   * @return NaN if there are no scores
   */
  public static double thresholdAccepting(double[] scores, double share) {
    if (scores.length == 0) {
      return Double.NaN;
    }
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    int kept = (int) Math.ceil(share * sorted.length - 1e-9);
    return sorted[sorted.length - Math.max(1, kept)];
  }

  private static int below(double[] sorted, double score) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int notAbove(double[] sorted, double score) {
    return below(sorted, Math.nextUp(score));
  }

  /**
   * Scores of one range.
   *
   * @param count how many there are
   * @param meanScore their mean; NaN if there are none
   * @param rightShare the share of them that are right; NaN if there are none
   */
  public record Bin(int count, double meanScore, double rightShare) {}

  /** Scores by range: equal parts of 0 to 1, in rising order. */
  public static List<Bin> reliability(double[] scores, boolean[] right, int bins) {
    int[] counts = new int[bins];
    int[] rights = new int[bins];
    double[] sums = new double[bins];
    for (int i = 0; i < scores.length; i++) {
      int bin = Math.min(bins - 1, (int) (scores[i] * bins));
      counts[bin]++;
      sums[bin] += scores[i];
      rights[bin] += right[i] ? 1 : 0;
    }
    List<Bin> list = new ArrayList<>();
    for (int i = 0; i < bins; i++) {
      list.add(
          new Bin(
              counts[i],
              counts[i] == 0 ? Double.NaN : sums[i] / counts[i],
              counts[i] == 0 ? Double.NaN : (double) rights[i] / counts[i]));
    }
    return list;
  }

  /**
   * The expected calibration error: the mean over all scores of the difference between the mean
   * score and the share that is right in the score's bin.
   */
  public static double expectedCalibrationError(List<Bin> bins) {
    double sum = 0;
    int count = 0;
    for (Bin bin : bins) {
      if (bin.count > 0) {
        sum += bin.count * Math.abs(bin.meanScore - bin.rightShare);
        count += bin.count;
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }
}
