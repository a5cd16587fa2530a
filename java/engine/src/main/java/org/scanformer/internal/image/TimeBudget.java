package org.scanformer.internal.image;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import org.scanformer.ImageLimits;

/**
 * The processor time that decoding may take, on the thread that this was made on; elapsed time
 * where the JVM cannot tell it, as of virtual threads.
 */
final class TimeBudget {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Decoding is over its budget. Unchecked, as decoders go on after an I/O exception. */
  static final class Exceeded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exceeded() {
      super("", null, false, false);
    }
  }

  /** Pixels between two looks at the time, as a power of two. */
  private static final int CHECK_SHIFT = 16;

  private final boolean ofThread;
  private final long start;
  private final long nanos;

  /**
   * @param encoded bytes of the file
   */
  TimeBudget(ImageLimits limits, long encoded) {
    ofThread = threadNanos() >= 0;
    start = now();
    nanos = nanos(limits, encoded);
  }

  /** The budget for a file of that many bytes. */
  static long nanos(ImageLimits limits, long encoded) {
    double scale = Math.max(1, (double) encoded / ImageLimits.FULL_TIME_BYTES);
    return (long) (limits.decodeTime().toNanos() * scale);
  }

  /** No limit, for pixels that a caller has in memory. */
  static TimeBudget unlimited() {
    return new TimeBudget(
        ImageLimits.defaults().withDecodeTime(Duration.ofNanos(Long.MAX_VALUE)), 0);
  }

  private static long threadNanos() {
    try {
      return THREADS.isCurrentThreadCpuTimeSupported() ? THREADS.getCurrentThreadCpuTime() : -1;
    } catch (UnsupportedOperationException e) {
      return -1;
    }
  }

  private long now() {
    return ofThread ? threadNanos() : System.nanoTime();
  }

  /** The budget in milliseconds. */
  long millis() {
    return nanos / 1_000_000;
  }

  boolean isExceeded() {
    return now() - start > nanos;
  }

  /** {@link #check()} now and then, in a loop over rows of that many pixels. */
  void checkRow(int row, long pixels) {
    if (row * pixels >> CHECK_SHIFT != (row + 1L) * pixels >> CHECK_SHIFT) {
      check();
    }
  }

  /** Throws {@link Exceeded} when the budget is used up. */
  void check() {
    if (isExceeded()) {
      throw new Exceeded();
    }
  }
}
