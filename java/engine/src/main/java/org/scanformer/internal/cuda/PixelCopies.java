package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies of planes into one buffer, in chunks, so that the first are there before the last are
 * begun. Of more than a few chunks, threads of the common pool copy some: one thread copies slower
 * than a device reads. The thread that waits for a chunk copies others meanwhile, so that nothing
 * depends on the pool. Allocates nothing once it has met the largest number of chunks.
 *
 * <p>Used by one thread at a time, apart from its own helpers.
 */
final class PixelCopies {
  /** Bytes of a chunk; a plane's last one may have fewer. */
  static final int CHUNK = 256 << 10;

  /** Fewer chunks than this are copied before a helper would have woken up. */
  private static final int WORTH_HELP = 8;

  private static final int MOST_HELPERS = 7;

  private static final int PENDING = 0;
  private static final int DONE = 1;
  private static final int FAILED = 2;

  private final Helper[] helpers =
      new Helper[Math.min(MOST_HELPERS, Runtime.getRuntime().availableProcessors() / 2)];

  private ByteBuffer target;

  // Chunk n is at index n modulo their length. They are written before `end` is.
  private ByteBuffer[] sources = new ByteBuffer[0];
  private int[] from;
  private int[] to;
  private int[] bytes;
  private AtomicIntegerArray states;

  // Chunks are numbered on and on, so that a helper that comes late mistakes no chunk for another.
  private final AtomicLong next = new AtomicLong();
  private volatile long end;

  /** The first chunk that nobody has waited for. */
  private long waited;

  /** A task of the common pool, which is used again when it is done. */
  private final class Helper extends RecursiveAction {
    private static final long serialVersionUID = 1;

    @Override
    protected void compute() {
      while (copyNext()) {
        Thread.onSpinWait();
      }
    }
  }

  /** Chunks that a plane of that many bytes is copied in. */
  static int chunks(int planeBytes) {
    return (planeBytes - 1) / CHUNK + 1;
  }

  /**
   * Begins with other planes; all chunks of earlier ones have been waited for.
   *
   * @param to where planes go
   * @param most chunks that are added at most
   */
  void begin(ByteBuffer to, int most) {
    target = to;
    if (sources.length < most) {
      sources = new ByteBuffer[most];
      from = new int[most];
      this.to = new int[most];
      bytes = new int[most];
      states = new AtomicIntegerArray(most);
    }
  }

  /** Adds a plane's bytes, from 0 to its limit, which go to a place of the target. */
  void add(ByteBuffer plane, int place) {
    long chunk = end;
    for (int first = 0; first < plane.limit(); first += Math.min(CHUNK, plane.limit() - first)) {
      int i = (int) (chunk++ % sources.length);
      sources[i] = plane;
      from[i] = first;
      to[i] = place + first;
      bytes[i] = Math.min(CHUNK, plane.limit() - first);
      states.set(i, PENDING);
    }
    end = chunk;
  }

  /** Lets helpers begin, where they are worth it. */
  void help() {
    if (end - waited < WORTH_HELP) {
      return;
    }
    for (int h = 0; h < helpers.length; h++) {
      if (helpers[h] == null) {
        helpers[h] = new Helper();
      } else if (helpers[h].isDone()) {
        helpers[h].reinitialize();
      } else {
        continue;
      }
      ForkJoinPool.commonPool().execute(helpers[h]);
    }
  }

  /** Copies a chunk that nobody else does; whether there was one. */
  private boolean copyNext() {
    long chunk = next.get();
    while (chunk < end) {
      if (next.compareAndSet(chunk, chunk + 1)) {
        copy((int) (chunk % sources.length));
        return true;
      }
      chunk = next.get();
    }
    return false;
  }

  private void copy(int i) {
    try {
      target.put(to[i], sources[i], from[i], bytes[i]);
      states.set(i, DONE);
    } catch (RuntimeException | Error e) {
      // Memory that one thread alone may read, for example: the caller's own try tells.
      states.set(i, FAILED);
    }
  }

  /**
   * Waits for the next chunk in the order of their addition.
   *
   * @return its number of bytes
   */
  int await() {
    int i = (int) (waited % sources.length);
    settle(i);
    waited++;
    if (states.get(i) == FAILED) {
      target.put(to[i], sources[i], from[i], bytes[i]);
    }
    sources[i] = null;
    return bytes[i];
  }

  private void settle(int i) {
    while (states.get(i) == PENDING) {
      if (!copyNext()) {
        Thread.onSpinWait();
      }
    }
  }

  /** Waits until no chunk is being copied, of those that a failed call has left too. */
  void drain() {
    for (; waited < end; waited++) {
      int i = (int) (waited % sources.length);
      settle(i);
      sources[i] = null;
    }
  }
}
