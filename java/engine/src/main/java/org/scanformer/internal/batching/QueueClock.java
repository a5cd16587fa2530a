package org.scanformer.internal.batching;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** The time that a queue goes by, which a test can drive. Thread-safe. */
public interface QueueClock {
  /** The system's time. */
  QueueClock SYSTEM =
      new QueueClock() {
        @Override
        public long nanoTime() {
          return System.nanoTime();
        }

        @Override
        public void await(Condition signal, long nanos) throws InterruptedException {
          signal.awaitNanos(nanos);
        }

        @Override
        public void expire(CompletableFuture<?> answer, long nanos) {
          JdkTimer.start();
          answer.orTimeout(nanos, TimeUnit.NANOSECONDS);
        }
      };

  /** Nanoseconds from any origin. */
  long nanoTime();

  /** Waits for a signal, at most that long. Called with the condition's lock held. */
  void await(Condition signal, long nanos) throws InterruptedException;

  /**
   * Completes an answer exceptionally, with a {@link java.util.concurrent.TimeoutException}, when
   * that many nanoseconds have passed and it is not done.
   */
  void expire(CompletableFuture<?> answer, long nanos);
}
