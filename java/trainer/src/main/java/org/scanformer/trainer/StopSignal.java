package org.scanformer.trainer;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C into a request to stop, and keeps the process alive until it is closed: PyTorch
 * crashes where the process ends while it computes or is freed. Thread-safe.
 */
final class StopSignal implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::stop);
  private volatile boolean stop;

  private StopSignal() {}

  /** A signal that meets Ctrl-C from now on. */
  static StopSignal install() {
    StopSignal signal = new StopSignal();
    try {
      Runtime.getRuntime().addShutdownHook(signal.hook);
    } catch (IllegalStateException e) {
      signal.stop = true; // The process ends already.
    }
    return signal;
  }

  private void stop() {
    stop = true;
    try {
      closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether a stop is requested. */
  boolean requested() {
    return stop;
  }

  /** Lets the process end. Idempotent. */
  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It runs, and sees that it is closed.
    }
  }
}
