package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SelectionRuleTest {
  private static final float[] LOGITS = {3, -1, 2, 0.5f, -3, 1};

  @Test
  void takesThoseAboveTheThreshold() {
    assertArrayEquals(
        new boolean[] {true, false, true, true, false, true},
        SelectionRule.above(0).choose(LOGITS, 6, 1));
    assertArrayEquals(
        new boolean[] {true, true, true, true, true, true},
        SelectionRule.EVERYTHING.choose(LOGITS, 6, 1));
  }

  @Test
  void takesTheMostProbableWithinTheBudget() {
    SelectionRule rule = new SelectionRule(0, 0.25);
    // A quarter of the finest scale's 12 patches, half of those of the scale before it.
    assertArrayEquals(
        new boolean[] {true, false, true, false, false, true}, rule.choose(LOGITS, 12, 1));
    assertArrayEquals(
        new boolean[] {true, false, true, true, false, true}, rule.choose(LOGITS, 8, 0.5));
    assertArrayEquals(
        new boolean[] {true, false, false, false, false, false}, rule.choose(LOGITS, 6, 1));
    // Within the budget, the threshold decides.
    assertArrayEquals(
        new boolean[] {true, false, true, true, false, true}, rule.choose(LOGITS, 60, 1));
  }

  @Test
  void aFullScaleIsNotCutByABudget() {
    SelectionRule everything = new SelectionRule(Double.NEGATIVE_INFINITY, 0.1);
    for (boolean chosen : everything.choose(LOGITS, 6, 1)) {
      assertTrue(chosen);
    }
  }
}
