package org.scanformer.server;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the requests in work and the bytes that they hold, and refuses what would be too much.
 * Once draining it refuses everything. Thread-safe.
 */
public final class Admission {
  private final int maxRequests;
  private final long maxBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private int requests;
  private long bytes;
  private boolean draining;

  /** What {@link Limits#requests()} and {@link Limits#memoryBytes()} allow. */
  public Admission(Limits limits) {
    maxRequests = limits.requests();
    maxBytes = limits.memoryBytes();
  }

  /**
   * Begins to count a request's bytes. It holds no place yet, so that who sends slowly keeps nobody
   * else out.
   */
  public Ticket open() {
    return new Ticket();
  }

  /** The number of requests in work. */
  public int requests() {
    lock.lock();
    try {
      return requests;
    } finally {
      lock.unlock();
    }
  }

  /** The bytes that are held. */
  public long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Whether new requests are refused because the server stops. */
  public boolean isDraining() {
    lock.lock();
    try {
      return draining;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Refuses new requests from now on, and waits for those in work.
   *
   * @param nanos the most time to wait
   * @return the number of requests that are still in work
   */
  public int drain(long nanos) {
    lock.lock();
    try {
      draining = true;
      long left = nanos;
      while (requests > 0 && left > 0) {
        left = idle.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    return requests();
  }

  /**
   * What one request holds, until it is closed and nothing works for it any more. Thread-safe;
   * closing is idempotent.
   */
  public final class Ticket implements AutoCloseable {
    private long held;

    /** Works that are not over. */
    private int works;

    private boolean inWork;
    private boolean closed;

    private Ticket() {}

    /**
     * Counts bytes that the request holds from now on.
     *
     * @throws ServiceException OVERLOADED when all requests hold as many as they may
     */
    public void reserve(long more) {
      lock.lock();
      try {
        requireOpen();
        if (more > maxBytes - bytes) {
          throw new ServiceException(
              FailureKind.OVERLOADED,
              "The requests in work hold "
                  + bytes
                  + " bytes of at most "
                  + maxBytes
                  + ", and this one needs "
                  + more
                  + " more: try again later, or send less");
        }
        bytes += more;
        held += more;
      } finally {
        lock.unlock();
      }
    }

    /** Counts bytes no more that were reserved and are not held after all. */
    public void giveBack(long fewer) {
      lock.lock();
      try {
        // None of a request that is over, whose bytes were given back as a whole.
        long back = Math.min(fewer, held);
        bytes -= back;
        held -= back;
      } finally {
        lock.unlock();
      }
    }

    /**
     * Takes one of the places of requests in work.
     *
     * @throws ServiceException OVERLOADED when all are taken; UNAVAILABLE when the server stops
     */
    public void enter() {
      lock.lock();
      try {
        if (draining) {
          throw new ServiceException(FailureKind.UNAVAILABLE, "The server is stopping");
        }
        if (requests >= maxRequests) {
          throw new ServiceException(
              FailureKind.OVERLOADED, requests + " requests are in work: try again later");
        }
        if (!closed && !inWork) {
          inWork = true;
          requests++;
        }
      } finally {
        lock.unlock();
      }
    }

    /**
     * Begins a work that holds the request's bytes until its {@link #release()}, even if the client
     * has its answer or is gone by then.
     *
     * @throws ServiceException DEADLINE when the request is over
     */
    public void retain() {
      lock.lock();
      try {
        requireOpen();
        works++;
      } finally {
        lock.unlock();
      }
    }

    /** Ends a work. */
    public void release() {
      lock.lock();
      try {
        works--;
        giveAllBack();
      } finally {
        lock.unlock();
      }
    }

    /** Called with the lock. */
    private void requireOpen() {
      if (closed) {
        throw new ServiceException(FailureKind.DEADLINE, "The request is over");
      }
    }

    /** Gives the bytes back when nothing holds them. Called with the lock. */
    private void giveAllBack() {
      if (closed && works == 0) {
        bytes -= held;
        held = 0;
      }
    }

    /** Gives the request's place back, and its bytes as soon as no work holds them. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (closed) {
          return;
        }
        closed = true;
        giveAllBack();
        if (inWork && --requests == 0) {
          idle.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
