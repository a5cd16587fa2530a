package org.scanformer.internal.batching;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.ScanFormerMetrics.DropReason;

/**
 * What metrics are told of a queue. A heap that is too full to tell them keeps no request waiting.
 * Thread-safe.
 */
final class QueueNews {
  private final ScanFormerMetrics metrics;

  /** The threads that are telling metrics something, with the queue's lock or without it. */
  private final Set<Thread> telling = ConcurrentHashMap.newKeySet();

  /** The length that metrics know of. */
  private int toldLength;

  /**
   * News for metrics.
   *
   * @param metrics may not throw
   */
  QueueNews(ScanFormerMetrics metrics) {
    this.metrics = metrics;
  }

  /** Whether the calling thread is in metrics that are told of the queue. */
  boolean isTelling() {
    return telling.contains(Thread.currentThread());
  }

  /** Refuses calls by metrics that are told of the queue while it is held. */
  void requireNoCallback() {
    if (isTelling()) {
      throw new IllegalStateException(
          "The batcher is called from within its own metrics, which are told of its queue and may"
              + " not do that: let another thread call it");
    }
  }

  /** A request is dropped. */
  void dropped(DropReason reason) {
    try {
      begin();
      metrics.requestDropped(reason);
    } catch (OutOfMemoryError e) {
      // There is no room to tell it.
    } finally {
      end();
    }
  }

  /** A batch goes. */
  void batch(int requests, long longestWaitNanos) {
    try {
      begin();
      metrics.batchFormed(requests, longestWaitNanos);
    } catch (OutOfMemoryError e) {
      // There is no room to tell it.
    } finally {
      end();
    }
  }

  /**
   * The queue's length, of which metrics hear when it has changed. Called with the queue's lock, as
   * the order matters.
   */
  void length(int length) {
    int change = length - toldLength;
    if (change == 0) {
      return;
    }
    try {
      begin();
      metrics.queueLength(length, change);
      toldLength = length;
    } catch (OutOfMemoryError e) {
      // It is told with the next change.
    } finally {
      end();
    }
  }

  private void begin() {
    telling.add(Thread.currentThread());
  }

  private void end() {
    telling.remove(Thread.currentThread());
  }
}
