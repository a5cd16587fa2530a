package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreStatisticsTest {
  private static final double[] POSITIVES = {0.9, 0.8, 0.8, 0.3};
  private static final double[] NEGATIVES = {0.8, 0.4, 0.2, 0.1, 0.1};

  @Test
  void areaCountsPairsInOrder() {
    // 0.9 is above 5; each 0.8 is above 4 and equal to 1; 0.3 is above 3.
    assertEquals(
        (5 + 4.5 + 4.5 + 3) / 20, ScoreStatistics.areaUnderCurve(POSITIVES, NEGATIVES), 1e-12);
    assertTrue(Double.isNaN(ScoreStatistics.areaUnderCurve(POSITIVES, new double[0])));
  }

  @Test
  void balancedThresholdLiesBetweenScores() {
    // From 0.4 to 0.8: 3 of 4 accepted and 4 of 5 refused; 0.2 to 0.3: all accepted, 3 of 5.
    assertEquals(0.25, ScoreStatistics.balancedThreshold(POSITIVES, NEGATIVES), 1e-12);
    assertEquals(
        0.6, ScoreStatistics.balancedThreshold(new double[] {0.7}, new double[] {0.5}), 1e-12);
    assertThrows(
        IllegalArgumentException.class,
        () -> ScoreStatistics.balancedThreshold(POSITIVES, new double[0]));
  }

  @Test
  void acceptsScoresOfAtLeastTheThreshold() {
    assertEquals(0.75, ScoreStatistics.accepted(POSITIVES, 0.8), 1e-12);
    assertTrue(Double.isNaN(ScoreStatistics.accepted(new double[0], 0.5)));
    assertEquals(0.8, ScoreStatistics.thresholdAccepting(POSITIVES, 0.75), 0);
    assertEquals(0.8, ScoreStatistics.thresholdAccepting(POSITIVES, 0.7), 0);
    assertEquals(0.3, ScoreStatistics.thresholdAccepting(POSITIVES, 0.76), 0);
    assertEquals(0.9, ScoreStatistics.thresholdAccepting(POSITIVES, 0.1), 0);
  }

  @Test
  void calibrationErrorIsWeighedByBins() {
    double[] scores = {0.1, 0.3, 1, 0.8};
    boolean[] right = {false, true, true, true};
    List<ScoreStatistics.Bin> bins = ScoreStatistics.reliability(scores, right, 2);
    assertEquals(new ScoreStatistics.Bin(2, 0.2, 0.5), bins.get(0));
    assertEquals(new ScoreStatistics.Bin(2, 0.9, 1), bins.get(1));
    assertEquals((2 * 0.3 + 2 * 0.1) / 4, ScoreStatistics.expectedCalibrationError(bins), 1e-12);
    List<ScoreStatistics.Bin> none = ScoreStatistics.reliability(new double[0], new boolean[0], 2);
    assertTrue(Double.isNaN(ScoreStatistics.expectedCalibrationError(none)));
  }
}
