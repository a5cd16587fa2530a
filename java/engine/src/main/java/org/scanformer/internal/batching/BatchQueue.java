package org.scanformer.internal.batching;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.scanformer.BatcherOptions;
import org.scanformer.BatcherOptions.Overflow;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.ScanFormerMetrics.DropReason;
import org.scanformer.internal.engine.Deadlines;
import org.scanformer.internal.engine.RunOptions;

/**
 * Requests that wait for a worker. It decides when a batch may go, and what happens to a request
 * that finds no room, expires or is cancelled. Thread-safe.
 */
public final class BatchQueue {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private final BatcherOptions options;
  private final QueueNews news;
  private final QueueClock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final Deque<PendingRequest> queue = new ArrayDeque<>();
  private boolean closed;

  /** Workers that still answer. */
  private int working;

  /** Why the last worker has stopped answering. */
  private RuntimeException dead;

  /**
   * An empty queue for a number of workers.
   *
   * @param metrics sees the queue's length, its batches and what it drops; may not throw
   */
  public BatchQueue(
      BatcherOptions options, ScanFormerMetrics metrics, QueueClock clock, int workers) {
    this.options = options;
    this.news = new QueueNews(metrics);
    this.clock = clock;
    this.working = workers;
  }

  /**
   * Adds a request.
   *
   * @param mayWait whether the calling thread may wait for room: a worker's may not, as it would
   *     wait for itself
   * @throws IllegalStateException when the queue is closed
   */
  public CompletableFuture<Location> submit(Request request, boolean mayWait) {
    PendingRequest pending = pending(request);
    enqueue(pending, RunOptions.NONE, mayWait);
    return pending.answer();
  }

  /**
   * Adds a request that expires.
   *
   * @param deadline the {@link QueueClock#nanoTime()} at which it expires, also while it waits for
   *     room; {@link RunOptions#NONE} for never
   * @throws ScanFormerException BAD_INPUT when the deadline can be none
   */
  public CompletableFuture<Location> submit(Request request, long deadline, boolean mayWait) {
    if (deadline == RunOptions.NONE) {
      return submit(request, mayWait);
    }
    PendingRequest pending = pending(request);
    Deadlines.require(deadline, pending.since());
    long left = deadline - pending.since();
    if (left <= 0) {
      requireOpen();
      expire(pending, "The deadline had passed " + -left + " ns before the request was submitted");
    } else {
      clock.expire(pending.answer(), left);
      try {
        enqueue(pending, deadline, mayWait);
      } catch (RuntimeException e) {
        // The clock would keep what nobody waits for until the deadline.
        pending.answer().completeExceptionally(e);
        throw e;
      }
    }
    return pending.answer();
  }

  private void expire(PendingRequest pending, String message) {
    pending.answer().completeExceptionally(new TimeoutException(message));
    news.dropped(DropReason.EXPIRED);
  }

  /** Whether the calling thread is in metrics that are told of the queue. */
  boolean isTelling() {
    return news.isTelling();
  }

  /** Refuses calls by metrics that are told of the queue while it is held. */
  public void requireNoCallback() {
    news.requireNoCallback();
  }

  private PendingRequest pending(Request request) {
    requireNoCallback();
    Objects.requireNonNull(request, "request");
    return new PendingRequest(request, clock.nanoTime());
  }

  private void requireOpen() {
    lock.lock();
    try {
      requireOpenLocked();
    } finally {
      lock.unlock();
    }
  }

  private void requireOpenLocked() {
    if (closed) {
      throw new IllegalStateException("The batcher is closed");
    }
    if (working == 0) {
      throw dead instanceof ScanFormerException lost
          ? new ScanFormerException(lost.code(), lost.getMessage(), lost)
          : new IllegalStateException(dead.getMessage(), dead);
    }
  }

  private void enqueue(PendingRequest pending, long deadline, boolean mayWait) {
    PendingRequest replaced = null;
    lock.lock();
    try {
      requireOpenLocked();
      if (isFull()) {
        dropAbandoned();
      }
      while (isFull() && options.overflow() == Overflow.WAIT && mayWait) {
        try {
          if (!awaitRoom(pending, deadline)) {
            expire(pending, "The deadline passed while the request waited for room in the queue");
            return;
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          pending.answer().completeExceptionally(e);
          return;
        }
        requireOpenLocked();
      }
      if (isFull()) {
        if (options.overflow() != Overflow.DROP_OLDEST) {
          pending
              .answer()
              .completeExceptionally(
                  new RejectedExecutionException(
                      "The queue is full: " + queue.size() + " requests wait"));
          news.dropped(DropReason.REJECTED);
          return;
        }
        replaced = queue.poll();
      }
      queue.add(pending);
      news.length(queue.size());
      changed.signal();
    } finally {
      lock.unlock();
    }
    if (replaced != null) {
      replaced
          .answer()
          .completeExceptionally(
              new RejectedExecutionException("A newer request took its place in the full queue"));
      news.dropped(DropReason.REPLACED);
    }
  }

  /** Waits for room, or until the deadline; false after it. Called with the lock. */
  private boolean awaitRoom(PendingRequest pending, long deadline) throws InterruptedException {
    if (deadline == RunOptions.NONE) {
      room.await();
      return true;
    }
    long left = deadline - clock.nanoTime();
    if (left > 0) {
      clock.await(room, left);
      left = deadline - clock.nanoTime();
    }
    return left > 0 && !pending.answer().isDone();
  }

  private boolean isFull() {
    return queue.size() >= options.queueCapacity();
  }

  /** Removes what nobody waits for any more, which makes room. Called with the lock. */
  private void dropAbandoned() {
    int before = queue.size();
    for (Iterator<PendingRequest> all = queue.iterator(); all.hasNext(); ) {
      CompletableFuture<Location> answer = all.next().answer();
      if (answer.isDone()) {
        all.remove();
        news.dropped(answer.isCancelled() ? DropReason.CANCELLED : DropReason.EXPIRED);
      }
    }
    if (queue.size() < before) {
      news.length(queue.size());
      room.signalAll();
    }
  }

  /** The number of requests that wait, cancelled ones among them until their turn comes. */
  public int length() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses requests from now on; those that wait are still taken. Idempotent.
   *
   * @return whether it was open, and had a worker
   */
  public boolean close() {
    lock.lock();
    try {
      boolean open = !closed && working > 0;
      closed = true;
      changed.signalAll();
      room.signalAll();
      return open;
    } finally {
      lock.unlock();
    }
  }

  // ---- The workers' side ----

  /**
   * Waits until a batch may go, and takes it.
   *
   * @param stopped whether the worker is to take no more; {@link #wakeWorkers()} is called after it
   *     has changed
   * @return false when there will be no batch for this worker
   */
  boolean take(List<PendingRequest> batch, BooleanSupplier stopped) {
    long longest = 0;
    lock.lock();
    try {
      while (!isReady(stopped)) {
        if (stopped.getAsBoolean() || closed && queue.isEmpty()) {
          return false;
        }
        if (queue.isEmpty()) {
          changed.awaitUninterruptibly();
        } else {
          awaitOthers();
        }
      }
      try {
        while (batch.size() < options.maxBatch() && !queue.isEmpty()) {
          PendingRequest next = queue.peek();
          longest = Math.max(longest, clock.nanoTime() - next.since());
          batch.add(next);
          // Last, as with a full heap each of the others may fail: no request is in neither list.
          queue.poll();
        }
      } finally {
        news.length(queue.size());
        if (!queue.isEmpty()) {
          changed.signal();
        }
        room.signalAll();
      }
    } finally {
      lock.unlock();
    }
    news.batch(batch.size(), longest);
    return true;
  }

  /** Whether a batch may go. */
  private boolean isReady(BooleanSupplier stopped) {
    dropAbandoned();
    if (stopped.getAsBoolean() || queue.isEmpty()) {
      return false;
    }
    // A full queue goes at once: nobody can join what waits, and its callers are waiting for room.
    return closed
        || isFull()
        || queue.size() >= options.maxBatch()
        || clock.nanoTime() - queue.peek().since() >= options.maxDelayNanos();
  }

  private void awaitOthers() {
    try {
      clock.await(changed, options.maxDelayNanos() - (clock.nanoTime() - queue.peek().since()));
    } catch (InterruptedException e) {
      // Only a stage of a future can interrupt a worker's thread, which has nothing to end.
      LOG.log(System.Logger.Level.DEBUG, "A batcher's thread was interrupted", e);
    }
  }

  /** Lets waiting workers see that they are stopped. */
  void wakeWorkers() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns what is not answered of a batch to its old place, for the other workers. */
  void putBack(List<PendingRequest> batch) {
    lock.lock();
    try {
      for (int i = batch.size() - 1; i >= 0; i--) {
        if (!batch.get(i).answer().isDone()) {
          queue.addFirst(batch.get(i));
        }
      }
      news.length(queue.size());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    batch.forEach(PendingRequest::release);
  }

  /**
   * A worker answers no more. After the last one requests are refused, and those that wait fail.
   *
   * @param batch what the worker has taken and not answered, which fails
   */
  void leave(List<PendingRequest> batch, RuntimeException end) {
    boolean isLast;
    lock.lock();
    try {
      working--;
      isLast = working == 0;
      if (isLast) {
        dead = end;
      }
      changed.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    // Without the lock, which a stage of a future may need.
    batch.forEach(
        pending -> {
          pending.answer().completeExceptionally(end);
          pending.release();
        });
    for (PendingRequest waiting = isLast ? poll() : null; waiting != null; waiting = poll()) {
      waiting.answer().completeExceptionally(end);
    }
  }

  private PendingRequest poll() {
    lock.lock();
    try {
      PendingRequest next = queue.poll();
      news.length(queue.size());
      return next;
    } finally {
      lock.unlock();
    }
  }
}
