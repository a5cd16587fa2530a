package org.scanformer.internal.engine;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Tells deadlines by {@link System#nanoTime()} from values that cannot be any. */
public final class Deadlines {
  private static final long SECOND = 1_000_000_000L;
  private static final long HOUR = 3600 * SECOND;
  private static final long DAY_SECONDS = 86_400;

  /** Further away than anybody plans: what is, was meant by another clock. */
  private static final long FAR_NANOS = 3650 * DAY_SECONDS * SECOND;

  /** A time by the wall clock's seconds, milliseconds, microseconds or nanoseconds. */
  private static final long[] UNITS_A_SECOND = {1, 1_000, 1_000_000, SECOND};

  /**
   * Deadlines that are nearer by nanoTime are taken for what they should be, by unit. A day of
   * microseconds is 86 s by nanoTime, which a machine's clock comes to after three weeks; a day of
   * nanoseconds comes after decades.
   */
  private static final long[] NEAR_NANOS = {SECOND, SECOND, HOUR, SECOND};

  private Deadlines() {}

  /**
   * Refuses a deadline that no {@link System#nanoTime()} can be.
   *
   * @param deadline nanoseconds by the clock of now; {@link Long#MAX_VALUE} for none
   * @param now nanoseconds
   * @throws ScanFormerException BAD_INPUT when it is ten years away or more, or a time of about
   *     today by the wall clock
   */
  public static void require(long deadline, long now) {
    if (deadline == Long.MAX_VALUE) {
      return;
    }
    long left = deadline - now;
    if (left >= FAR_NANOS || left <= -FAR_NANOS || isWallClock(deadline, left)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The deadline must be a time by System.nanoTime(), which is now "
              + now
              + ", or Long.MAX_VALUE for none; found "
              + deadline
              + ". A time by System.currentTimeMillis(), now "
              + System.currentTimeMillis()
              + ", is none: add the time that is left to System.nanoTime()");
    }
  }

  /** Whether it is within a day of the wall clock, and not near by nanoTime. */
  private static boolean isWallClock(long deadline, long left) {
    double seconds = System.currentTimeMillis() / 1e3;
    for (int unit = 0; unit < UNITS_A_SECOND.length; unit++) {
      double away = Math.abs(deadline / (double) UNITS_A_SECOND[unit] - seconds);
      if (away < DAY_SECONDS && Math.abs(left) >= NEAR_NANOS[unit]) {
        return true;
      }
    }
    return false;
  }
}
