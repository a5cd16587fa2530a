package org.scanformer.trainer;

import java.util.List;
import java.util.stream.IntStream;
import org.scanformer.datasets.ScoreStatistics;

/**
 * What the scores of held-out pairs say of a model's answers.
 *
 * @param calibration from logits to probabilities that a box is right
 * @param absence from each scale's logits to probabilities that the object is there, whatever the
 *     box; empty if no held-out expression was true, or none untrue
 * @param foundThreshold the calibrated score from which on an object counts as found; NaN if no
 *     held-out expression was untrue
 * @param accepted share of the true expressions that are found; NaN without a threshold
 * @param refused share of the untrue expressions that are not; NaN without a threshold
 * @param areaUnderCurve of true against untrue expressions; NaN if there are none of a kind
 * @param calibrationError expected calibration error of the calibrated scores, in ten bins
 */
record Presence(
    ScoreCalibration calibration,
    List<ScoreCalibration> absence,
    double foundThreshold,
    double accepted,
    double refused,
    double areaUnderCurve,
    double calibrationError) {
  static final int BINS = 10;

  /**
   * The scores of a pair.
   *
   * @param logits of the score head at each scale
   * @param there whether the expression has a target
   * @param right whether it has, and the last scale's box has an IoU of at least ½ with it
   */
  record Judged(float[] logits, boolean there, boolean right) {
    /** That of the last scale. */
    double logit() {
      return logits[logits.length - 1];
    }
  }

  /** Calibrates scores and chooses the threshold of the best balanced accuracy. */
  static Presence of(List<Judged> pairs) {
    double[] logits = pairs.stream().mapToDouble(Judged::logit).toArray();
    boolean[] right = new boolean[logits.length];
    for (int i = 0; i < right.length; i++) {
      right[i] = pairs.get(i).right;
    }
    ScoreCalibration calibration = ScoreCalibration.fit(logits, right);
    double[] scores = new double[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = calibration.probability(logits[i]);
    }
    double[] there = scores(pairs, calibration, true);
    double[] absent = scores(pairs, calibration, false);
    double threshold =
        there.length == 0 || absent.length == 0
            ? Double.NaN
            : ScoreStatistics.balancedThreshold(there, absent);
    boolean any = !Double.isNaN(threshold);
    return new Presence(
        calibration,
        any ? absence(pairs) : List.of(),
        threshold,
        any ? ScoreStatistics.accepted(there, threshold) : Double.NaN,
        any ? 1 - ScoreStatistics.accepted(absent, threshold) : Double.NaN,
        ScoreStatistics.areaUnderCurve(there, absent),
        ScoreStatistics.expectedCalibrationError(ScoreStatistics.reliability(scores, right, BINS)));
  }

  private static List<ScoreCalibration> absence(List<Judged> pairs) {
    boolean[] there = new boolean[pairs.size()];
    for (int i = 0; i < there.length; i++) {
      there[i] = pairs.get(i).there;
    }
    return IntStream.range(0, pairs.get(0).logits.length)
        .mapToObj(scale -> pairs.stream().mapToDouble(pair -> pair.logits[scale]).toArray())
        .map(logits -> ScoreCalibration.fit(logits, there))
        .toList();
  }

  private static double[] scores(List<Judged> pairs, ScoreCalibration calibration, boolean there) {
    return pairs.stream()
        .filter(pair -> pair.there == there)
        .mapToDouble(pair -> calibration.probability(pair.logit()))
        .toArray();
  }
}
