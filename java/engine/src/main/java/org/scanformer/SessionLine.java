package org.scanformer;

import java.util.concurrent.locks.ReentrantLock;
import org.scanformer.internal.engine.ContextOwner;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.FrameRunner;

/**
 * What a session has to give back, and the lock of its calls. It does not refer to the session, so
 * that it can be closed when the session was forgotten. Thread-safe.
 */
final class SessionLine implements ContextOwner {
  final ReentrantLock lock = new ReentrantLock();
  final FrameRunner runner;
  private boolean closed;

  /** Set before the lock is waited for, so that a call that finds it taken can say why. */
  private volatile boolean closing;

  SessionLine(Engine engine, SessionOptions options) {
    // Once it is open the engine may close it, on another thread, which has to wait until it is
    // whole.
    lock.lock();
    try {
      this.runner =
          new FrameRunner(
              engine,
              options.limits(),
              options.threads(),
              options.textCache(),
              options.clock(),
              this);
    } finally {
      lock.unlock();
    }
  }

  /** Takes the lock for a call, or says why it cannot be had. */
  void begin() {
    boolean free = lock.tryLock();
    if (closing) {
      if (free) {
        lock.unlock();
      }
      throw new IllegalStateException("The session is closed");
    }
    if (!free) {
      throw new IllegalStateException(
          "The session is in use by another thread: it serves one at a time, open one a thread");
    }
  }

  @Override
  public void close() {
    closeUnlessClosed();
  }

  /** Closes after the running call; whether it was open. */
  boolean closeUnlessClosed() {
    closing = true;
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      closed = true;
      runner.close();
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean isInCall() {
    return lock.isHeldByCurrentThread() && runner.isRunning();
  }

  @Override
  public boolean isCallingThread() {
    return lock.isHeldByCurrentThread();
  }
}
