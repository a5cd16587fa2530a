package org.scanformer.trainer;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Device;

/**
 * Makes batches ahead of their use, in a thread for each of its builders, which it owns until
 * {@link #close()}. For use by one thread.
 */
final class BatchLoader implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final List<BatchBuilder> builders;
  private final BlockingQueue<BatchBuilder> free;
  private final ExecutorService threads;
  private final int ahead;
  private final Device device;

  /**
   * A loader.
   *
   * @param device to which pixels are sent ahead if it is a GPU
   */
  BatchLoader(List<BatchBuilder> builders, Device device) {
    this.builders = List.copyOf(builders);
    this.free = new LinkedBlockingQueue<>(builders);
    this.ahead = builders.size();
    this.device = device;
    this.threads =
        Executors.newFixedThreadPool(
            ahead,
            task -> {
              Thread thread = new Thread(task, "batches");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Batches in order, each made while earlier ones are in use. */
  final class Batches implements AutoCloseable {
    private final BiFunction<BatchBuilder, Long, Batch> source;
    private final Queue<Future<Batch>> made = new ArrayDeque<>();
    private final long end;
    private final Set<Batch> waiting = Collections.newSetFromMap(new IdentityHashMap<>());
    private long next;
    private boolean dropped;

    private Batches(long from, long end, BiFunction<BatchBuilder, Long, Batch> source) {
      this.source = source;
      this.next = from;
      this.end = end;
      submit(ahead);
    }

    private void submit(int most) {
      while (made.size() < most && next < end) {
        long number = next++;
        made.add(threads.submit(() -> make(number)));
      }
    }

    private Batch make(long number) throws InterruptedException {
      BatchBuilder builder = free.take();
      try {
        Batch batch = source.apply(builder, number);
        if (batch != null && device.is_cuda()) {
          batch.upload(device);
        }
        return keep(batch) ? batch : null;
      } finally {
        free.add(builder);
      }
    }

    /** Whether a batch is still of use; otherwise it is closed. */
    private synchronized boolean keep(Batch batch) {
      if (batch != null && dropped) {
        batch.close();
        return false;
      }
      return batch == null || waiting.add(batch);
    }

    private synchronized void handOver(Batch batch) {
      waiting.remove(batch);
    }

    /** The next batch, or what its source gave in its place; for the caller to close. */
    Batch next() {
      Future<Batch> batch = made.remove();
      // So that each thread has one to make while this one is waited for and used.
      submit(ahead);
      try {
        Batch next = batch.get();
        handOver(next);
        return next;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while a batch was made", e);
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException(e.getCause());
      }
    }

    /** Drops what was made ahead, and what still is being made once it is done. */
    @Override
    public void close() {
      made.forEach(batch -> batch.cancel(false));
      made.clear();
      drop();
    }

    private synchronized void drop() {
      dropped = true;
      waiting.forEach(Batch::close);
      waiting.clear();
    }
  }

  /**
   * Batches of these numbers.
   *
   * @param end after the last
   * @param source makes the batch of a number with a builder, in any thread
   */
  Batches batches(long from, long end, BiFunction<BatchBuilder, Long, Batch> source) {
    return new Batches(from, end, source);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      // A builder in use must not be closed; the process ends soon after.
      if (threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        builders.forEach(BatchBuilder::close);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
