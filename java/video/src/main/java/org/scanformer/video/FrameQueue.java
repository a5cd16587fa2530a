package org.scanformer.video;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames on their way from the thread that decodes to the one that consumes. One of each; {@link
 * #close()} by any. A frame is moved, never copied.
 */
final class FrameQueue {
  /** Frames that wait at most, of a source whose frames are all delivered. */
  static final int MOST_WAITING = 3;

  /** Besides those that wait, one is decoded into and one is consumed. */
  private static final int OTHERS = 2;

  /** Frames that are used at once, of any source. */
  static final int MOST_FRAMES = MOST_WAITING + OTHERS;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<FrameSlot> waiting = new ArrayDeque<>();
  private final ArrayDeque<FrameSlot> free = new ArrayDeque<>();
  private final List<FrameSlot> all = new ArrayList<>();
  private boolean newestOnly;

  /** The one that the consumer has. */
  private FrameSlot taken;

  private RuntimeException failure;
  private boolean ended;
  private boolean closed;
  private long delivered;
  private long dropped;

  /** An empty queue, whose frames wait for room. */
  FrameQueue() {
    for (int i = 0; i < MOST_FRAMES; i++) {
      FrameSlot slot = new FrameSlot();
      all.add(slot);
      free.add(slot);
    }
  }

  /** From now on, one frame waits at most, and the next one takes its place. */
  void keepNewestOnly() {
    lock.lock();
    try {
      newestOnly = true;
    } finally {
      lock.unlock();
    }
  }

  /** An empty slot to decode into. There always is one. */
  FrameSlot empty() {
    lock.lock();
    try {
      return free.remove();
    } finally {
      lock.unlock();
    }
  }

  /** Gives a slot back that nothing was decoded into. */
  void giveBack(FrameSlot slot) {
    lock.lock();
    try {
      recycle(slot);
    } finally {
      lock.unlock();
    }
  }

  /** Adds a frame; false when the queue is closed. */
  boolean put(FrameSlot slot) {
    lock.lock();
    try {
      while (!closed && !newestOnly && waiting.size() >= MOST_WAITING) {
        changed.awaitUninterruptibly();
      }
      if (closed) {
        recycle(slot);
        return false;
      }
      while (newestOnly && !waiting.isEmpty()) {
        recycle(waiting.remove());
        dropped++;
      }
      waiting.add(slot);
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** No frame will follow; the failure is thrown to the consumer after those that wait. */
  void end(RuntimeException cause) {
    lock.lock();
    try {
      ended = true;
      failure = cause;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next frame, which is the consumer's until its next call; null at the end.
   *
   * @throws InterruptedException when the consumer is interrupted while it waits
   */
  FrameSlot take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      recycleTaken();
      while (!closed && !ended && waiting.isEmpty()) {
        changed.await();
      }
      if (closed || waiting.isEmpty()) {
        if (!closed && failure != null) {
          throw failure;
        }
        return null;
      }
      taken = waiting.remove();
      delivered++;
      changed.signalAll();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the consumer waits for nothing any more. */
  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Sleeps, unless or until the queue is closed. */
  void pause(long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /** Wakes both sides up; nothing is delivered any more. Idempotent. */
  void close() {
    lock.lock();
    try {
      closed = true;
      recycleTaken();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Frees all frames, when neither side uses one. */
  void free() {
    all.forEach(FrameSlot::free);
  }

  long delivered() {
    lock.lock();
    try {
      return delivered;
    } finally {
      lock.unlock();
    }
  }

  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  private void recycleTaken() {
    if (taken != null) {
      recycle(taken);
      taken = null;
    }
  }

  private void recycle(FrameSlot slot) {
    slot.clear();
    free.add(slot);
  }
}
