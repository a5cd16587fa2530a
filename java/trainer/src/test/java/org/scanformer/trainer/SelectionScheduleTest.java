package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SelectionScheduleTest {
  @Test
  void expectsAsManyDenseStepsAsThereAre() {
    for (boolean curriculum : new boolean[] {true, false}) {
      SelectionSchedule schedule = new SelectionSchedule(20_000, 7, curriculum);
      for (long from : new long[] {0, 300, 5_000}) {
        int dense = 0;
        for (long step = from; step < 20_000; step++) {
          dense += schedule.thresholdLogit(step) == Double.NEGATIVE_INFINITY ? 1 : 0;
        }
        assertEquals(dense / (20_000.0 - from), schedule.denseShare(from), 0.01);
      }
    }
    assertEquals(0, new SelectionSchedule(10, 1, true).denseShare(10));
  }
}
