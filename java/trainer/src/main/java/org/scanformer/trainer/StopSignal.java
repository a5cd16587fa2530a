package org.scanformer.trainer;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Turns Ctrl-C into a request to stop and keeps the process alive until it is met. Thread-safe. */
final class StopSignal {
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch done = new CountDownLatch(1);
  private volatile boolean stop;

  /** A shutdown hook that requests a stop and waits for {@link #finished}. */
  Thread hook() {
    return new Thread(
        () -> {
          stop = true;
          try {
            done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Whether a stop is requested. */
  boolean requested() {
    return stop;
  }

  /** Lets the process end. */
  void finished() {
    done.countDown();
  }
}
