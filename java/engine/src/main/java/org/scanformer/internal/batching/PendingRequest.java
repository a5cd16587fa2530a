package org.scanformer.internal.batching;

import org.scanformer.Request;

/**
 * A request on its way to its answer. It lets the request go as soon as it is over and no worker
 * holds it: it may stay in the queue long after it has expired. Thread-safe.
 */
final class PendingRequest {
  private final long since;
  private final QueuedAnswer answer = new QueuedAnswer();

  // Guarded by this.
  private Request request;
  private boolean held;

  /**
   * A request that waits.
   *
   * @param request what is to be located
   * @param since the {@link QueueClock#nanoTime()} at which it was submitted
   */
  PendingRequest(Request request, long since) {
    this.request = request;
    this.since = since;
    // Not whenComplete, whose stage would describe the failure: a full heap may have no room for
    // it.
    answer.handle(
        (location, failure) -> {
          letGoIfOver();
          return null;
        });
  }

  /** The {@link QueueClock#nanoTime()} at which it was submitted. */
  long since() {
    return since;
  }

  /** Completed once, by whoever is first. */
  QueuedAnswer answer() {
    return answer;
  }

  /** What is to be located; null once it has been let go. */
  synchronized Request request() {
    return request;
  }

  /**
   * Keeps the request for a worker until {@link #release()}, even if it is over before.
   *
   * @return false when it is over already
   */
  synchronized boolean hold() {
    if (answer.isDone()) {
      return false;
    }
    held = true;
    return true;
  }

  /** The worker no longer needs the request. */
  void release() {
    synchronized (this) {
      held = false;
    }
    letGoIfOver();
  }

  private void letGoIfOver() {
    synchronized (this) {
      if (held || !answer.isDone()) {
        return;
      }
      request = null;
    }
    answer.tellReleased();
  }
}
