package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PresenceTest {
  private static Presence.Judged judged(float logit, boolean there, boolean right) {
    return new Presence.Judged(new float[] {-logit, logit}, there, right);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void findsTheCalibrationThatOutcomesFollow() {
    SplittableRandom random = new SplittableRandom(7);
    double[] logits = new double[20_000];
    boolean[] right = new boolean[logits.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = 4 * random.nextGaussian();
      right[i] = random.nextDouble() < sigmoid(0.4 * logits[i] - 0.7);
    }
    ScoreCalibration fit = ScoreCalibration.fit(logits, right);
    assertEquals(0.4, fit.scale(), 0.02);
    assertEquals(-0.7, fit.bias(), 0.06);
    assertEquals(sigmoid(0.4 * 3 - 0.7), fit.probability(3), 0.02);
  }

  @Test
  void staysFiniteWhereNothingGoesWrong() {
    double[] logits = {-9, -8, 8, 9};
    ScoreCalibration separable =
        ScoreCalibration.fit(logits, new boolean[] {false, false, true, true});
    assertTrue(separable.scale() > 0 && separable.scale() < 100, separable.toString());
    ScoreCalibration all = ScoreCalibration.fit(logits, new boolean[] {true, true, true, true});
    assertTrue(Double.isFinite(all.bias()), all.toString());
    assertEquals(ScoreCalibration.NONE, ScoreCalibration.fit(new double[0], new boolean[0]));
  }

  @Test
  void scoresThatMisleadAreLeftAsTheyAre() {
    ScoreCalibration fit =
        ScoreCalibration.fit(
            new double[] {3, 2, 1, -1, -2, -3},
            new boolean[] {false, false, true, false, true, true});
    assertEquals(ScoreCalibration.NONE, fit);
  }

  /** Of true pairs, two of three score high; of the others, one of four does. */
  @Test
  void judgesAtTheBestBalancedThreshold() {
    List<Presence.Judged> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(judged(2, true, true));
      pairs.add(judged(2, true, i % 2 == 0));
      pairs.add(judged(-1, true, false));
      pairs.add(judged(2, false, false));
      for (int j = 0; j < 3; j++) {
        pairs.add(judged(-1, false, false));
      }
    }
    Presence presence = Presence.of(pairs);
    assertEquals(2 / 3.0, presence.accepted(), 1e-12);
    assertEquals(3 / 4.0, presence.refused(), 1e-12);
    double low = presence.calibration().probability(-1);
    double high = presence.calibration().probability(2);
    assertEquals((low + high) / 2, presence.foundThreshold(), 1e-12);
    // Half of the pairs with a high score are right, and none with a low one.
    assertEquals(0.5, high, 0.02);
    assertEquals(0, presence.calibrationError(), 0.02);
    assertEquals(
        2 / 3.0 * 3 / 4 + (2 / 3.0 * 1 / 4 + 1 / 3.0 * 3 / 4) / 2, presence.areaUnderCurve(), 1e-9);
    Presence onlyTrue = Presence.of(pairs.stream().filter(Presence.Judged::there).toList());
    assertTrue(Double.isNaN(onlyTrue.foundThreshold()));
    assertEquals(List.of(), onlyTrue.absence());
  }

  /** Logits of a mean ±m and a deviation d make presence likely by 2 m / d² of the logit. */
  @Test
  void tellsHowLikelyAnObjectIsThereAtEachScaleWhateverItsBox() {
    SplittableRandom random = new SplittableRandom(8);
    List<Presence.Judged> pairs = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      boolean there = random.nextDouble() < 0.6;
      float[] logits = new float[3];
      for (int s = 0; s < logits.length; s++) {
        logits[s] = (float) ((there ? 1 : -1) * 0.5 * (s + 1) + 2 * random.nextGaussian());
      }
      pairs.add(new Presence.Judged(logits, there, there && random.nextDouble() < 0.4));
    }
    Presence presence = Presence.of(pairs);
    assertEquals(3, presence.absence().size());
    for (int s = 0; s < 3; s++) {
      assertEquals(0.25 * (s + 1), presence.absence().get(s).scale(), 0.03);
      assertEquals(Math.log(0.6 / 0.4), presence.absence().get(s).bias(), 0.06);
    }
    // The score is of the box too.
    assertTrue(presence.calibration().bias() < -0.5, presence.calibration().toString());
  }

  private static Evaluator.Evaluation evaluation(double accuracy, double share) {
    return new Evaluator.Evaluation(
        new double[] {0.9, accuracy}, new double[] {1, share}, List.of());
  }

  @Test
  void theMostAccurateThresholdWithinTheBudgetIsTakenOrElseTheLeastShare() {
    List<Evaluator.Evaluation> evaluations =
        List.of(evaluation(0.8, 0.5), evaluation(0.7, 0.3), evaluation(0.7, 0.2));
    assertEquals(0, TrainingRun.best(evaluations, 0.5));
    assertEquals(1, TrainingRun.best(evaluations, 0.34));
    assertEquals(2, TrainingRun.best(evaluations, 0.2));
    assertEquals(2, TrainingRun.best(evaluations, 0.1));
    assertEquals(1, TrainingRun.best(List.of(evaluation(0.8, 0.5), evaluation(0.1, 0.4)), 0.1));
    assertEquals(1, TrainingRun.best(List.of(evaluation(0.8, 0.5), evaluation(0.1, 0.4)), 0.45));
  }
}
