package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.scanformer.ErrorCode;
import org.scanformer.LocateOptions;
import org.scanformer.ScanFormerException;

/** Which numbers can be deadlines. */
class DeadlinesTest {
  private static final long HOUR = Duration.ofHours(1).toNanos();

  /** Processes whose clock began at different times, one of them about to overflow. */
  private static final long[] NOWS = {0, 40 * HOUR, 9000 * HOUR, -HOUR, Long.MAX_VALUE - 5};

  @Test
  void takesTimesByNanoTime() {
    for (long now : NOWS) {
      for (long left : new long[] {0, 1, -1, HOUR, -HOUR, 24 * 365 * HOUR, -24 * 30 * HOUR}) {
        assertDoesNotThrow(() -> Deadlines.require(now + left, now), now + " and " + left);
      }
      assertDoesNotThrow(() -> Deadlines.require(Long.MAX_VALUE, now));
    }
  }

  /**
   * After three weeks a machine's nanoTime is what the wall clock's microseconds are, for a day of
   * them.
   */
  @Test
  void takesNearTimesWhereTheClocksMeet() {
    long millis = System.currentTimeMillis();
    for (long unitsAMilli : new long[] {1, 1000}) {
      for (long offset = -90; offset <= 90; offset += 5) {
        long now = millis * unitsAMilli + Duration.ofSeconds(offset).toNanos();
        for (long seconds : unitsAMilli == 1 ? new long[] {0} : new long[] {0, 5, 60, 1800}) {
          long deadline = now + Duration.ofSeconds(seconds).toNanos();
          assertDoesNotThrow(() -> Deadlines.require(deadline, now), offset + " and " + seconds);
        }
      }
    }
  }

  @Test
  void refusesTimesByTheWallClockInAnyUnit() {
    long millis = System.currentTimeMillis() + 30;
    for (long now : NOWS) {
      for (long wrong :
          new long[] {millis, millis / 1000, millis * 1000, millis * 1_000_000, Long.MIN_VALUE}) {
        if (Math.abs(wrong - now) < HOUR) {
          continue;
        }
        ScanFormerException refused =
            assertThrows(ScanFormerException.class, () -> Deadlines.require(wrong, now));
        assertEquals(ErrorCode.BAD_INPUT, refused.code());
        assertTrue(refused.getMessage().contains("" + wrong), refused.getMessage());
      }
    }
  }

  @Test
  void refusesBudgetsThatNoLongHolds() {
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class,
            () -> LocateOptions.builder().budget(Duration.ofDays(365 * 300)));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains("292 years"), refused.getMessage());
    LocateOptions.builder().budget(Duration.ofNanos(Long.MAX_VALUE));
  }
}
