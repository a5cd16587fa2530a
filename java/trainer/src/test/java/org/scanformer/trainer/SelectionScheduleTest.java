package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SelectionScheduleTest {
  @Test
  void expectsAsManyDenseStepsAsThereAre() {
    for (boolean curriculum : new boolean[] {true, false}) {
      SelectionSchedule schedule = new SelectionSchedule(20_000, 7, curriculum, 0.3);
      for (long from : new long[] {0, 300, 5_000}) {
        int dense = 0;
        for (long step = from; step < 20_000; step++) {
          dense += schedule.rule(step).isEverything() ? 1 : 0;
        }
        assertEquals(dense / (20_000.0 - from), schedule.denseShare(from), 0.01);
      }
    }
    SelectionRule rule = new SelectionSchedule(10, 1, false, 0.3).rule(5);
    assertEquals(0.3, rule.budget());
    assertEquals(-1.1, rule.thresholdLogit(), 1.1);
    assertEquals(0, new SelectionSchedule(10, 1, true, 0.3).denseShare(10));
  }
}
