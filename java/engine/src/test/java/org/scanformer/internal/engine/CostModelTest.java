package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CostModelTest {
  private final CostModel costs = new CostModel(3, 400);

  @Test
  void knowsNothingAtFirst() {
    assertEquals(0, costs.predict(0, 100));
  }

  @Test
  void reckonsWithTheMeanAndFourDeviations() {
    costs.learn(1, 100, 1600);
    assertEquals(1600 + 4 * 100, costs.predict(1, 100));
    costs.learn(1, 100, 2400);
    // mean 1600 + 800 / 8, deviation 100 + (800 - 100) / 8
    assertEquals(1700 + 4 * 187.5, costs.predict(1, 100));
  }

  @Test
  void rowsOfOneBucketShareAMeasurement() {
    costs.learn(0, 97, 1600);
    assertEquals(2000, costs.predict(0, 112));
  }

  @Test
  void takesTheNearestLargerMeasurementElseTheNearestSmallerInProportion() {
    costs.learn(0, 32, 1600);
    costs.learn(0, 160, 8000);
    assertEquals(10_000, costs.predict(0, 48));
    assertEquals(2000, costs.predict(0, 16));
    assertEquals(20_000, costs.predict(0, 320));
  }

  @Test
  void takesTheSlowestRowOfOtherWorkWhereNothingIsMeasured() {
    costs.learn(0, 10, 1000);
    costs.learn(1, 100, 5000);
    assertEquals(100 * 200, costs.predict(2, 200));
  }

  @Test
  void aStallIsForgottenWhileItsWorkIsSkipped() {
    costs.learn(0, 100, 300_000_000);
    int skips = 0;
    while (costs.predict(0, 100) > 1_000_000) {
      costs.skipped(0, 100);
      skips++;
      assertTrue(skips < 200, "still expected: " + costs.predict(0, 100) + " ns");
    }
    costs.learn(0, 100, 500_000);
    assertTrue(costs.predict(0, 100) < 2_000_000, "expected: " + costs.predict(0, 100) + " ns");
  }

  @Test
  void workThatNeverTookLessIsNotTriedAgain() {
    for (long nanos : new long[] {1000, 1040, 1080, 1020}) {
      costs.learn(0, 100, nanos);
    }
    for (int i = 0; i < 10_000; i++) {
      costs.skipped(0, 100);
    }
    assertTrue(costs.predict(0, 100) >= 1000, "expected: " + costs.predict(0, 100) + " ns");
  }

  @Test
  void skipsCorrectWhatOtherWorkMadeExpect() {
    costs.learn(1, 100, 300_000_000);
    for (int i = 0; i < 200; i++) {
      costs.skipped(2, 200);
    }
    assertTrue(costs.predict(2, 200) < 1_000_000, "expected: " + costs.predict(2, 200) + " ns");
  }
}
