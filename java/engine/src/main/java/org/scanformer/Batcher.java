package org.scanformer;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.scanformer.internal.batching.BatchQueue;
import org.scanformer.internal.batching.BatchWorker;
import org.scanformer.internal.batching.QueueClock;
import org.scanformer.internal.engine.GuardedMetrics;
import org.scanformer.internal.engine.JavaMemory;
import org.scanformer.internal.engine.SharedMetrics;
import org.scanformer.internal.engine.Unclosed;

/**
 * A queue in front of one or more models, for services and many streams: requests of any number of
 * threads go to the next free device together, as many as are waiting and fit a batch.
 *
 * <pre>{@code
 * try (Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
 *   CompletableFuture<Location> found = batcher.submit(Request.of(image, "the red car"));
 *   found.thenAccept(location -> System.out.println(location.box()));
 * }
 * }</pre>
 *
 * <p>A request that fails because of its image, masks or expression fails by itself. When a device
 * fails on a batch, its requests are tried once more one by one. A device that is lost answers no
 * more; its requests go to the other devices, and fail with DEVICE_LOST when there are none.
 *
 * <p>A future may be cancelled: its request is not run, unless it is running already. Futures are
 * completed by the batcher's threads, so a stage that takes long should be an Async one. In a
 * stage, a submit that finds the queue full is refused and does not wait. The batcher holds nothing
 * of an answered request: an expression that is closed then is freed at once.
 *
 * <p>Thread-safe. Each model has a thread and a session of its own, beside those of others.
 */
public final class Batcher implements Locator, AutoCloseable {
  private final BatchQueue queue;
  private final List<BatchWorker> workers = new ArrayList<>();

  /**
   * Opens a queue in front of models of one kind, such as one on each device. It uses them beside
   * their other callers, and leaves them open when it is closed.
   *
   * @param models at least one
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public static Batcher open(List<ScanFormer> models, BatcherOptions options) {
    if (models.isEmpty()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "A batcher needs a model, found an empty list");
    }
    return JavaMemory.guard("a batcher", () -> new Batcher(models, options));
  }

  Batcher(List<ScanFormer> models, BatcherOptions options) {
    Objects.requireNonNull(options, "options");
    queue = new BatchQueue(options, metrics(models, options), QueueClock.SYSTEM, models.size());
    try {
      for (ScanFormer model : models) {
        workers.add(new BatchWorker(queue, options, model.engine(), workers.size()));
      }
    } catch (RuntimeException | Error e) {
      workers.forEach(BatchWorker::release);
      throw e;
    }
    workers.forEach(BatchWorker::start);
    Unclosed.watch(this, "batcher", queue::close);
  }

  private static ScanFormerMetrics metrics(List<ScanFormer> models, BatcherOptions options) {
    if (options.metrics() != null) {
      return new GuardedMetrics(options.metrics());
    }
    // By identity: an application's equals may be anything.
    Set<ScanFormerMetrics> all = Collections.newSetFromMap(new IdentityHashMap<>());
    models.forEach(model -> all.add(model.engine().metrics()));
    return SharedMetrics.of(all.stream().map(GuardedMetrics::new).toList());
  }

  /**
   * Adds a request to the queue and waits for its answer. An interrupt ends the waiting for room in
   * the queue only.
   *
   * @throws ScanFormerException as {@link ScanFormer#locate(Request)}
   * @throws RejectedExecutionException when the queue was full, a newer request took the place, or
   *     the thread was interrupted while it waited for room, which leaves its interrupt status set
   * @throws IllegalStateException when the batcher is closed, or is called by a batcher's thread,
   *     which cannot wait for itself, or within a call of the model
   */
  @Override
  public Location locate(Request request) {
    return locate(List.of(request)).get(0);
  }

  /**
   * Adds requests to the queue one after another, and waits for the answers to all of them.
   *
   * @throws RuntimeException the first failure in the requests' order, as {@link #locate(Request)}
   */
  @Override
  public List<Location> locate(List<Request> requests) {
    if (!mayWait()) {
      throw new IllegalStateException(
          "The batcher is asked to wait by a thread of a batcher or within a call of its model: use"
              + " submit");
    }
    List<CompletableFuture<Location>> answers = requests.stream().map(this::submit).toList();
    return answers.stream().map(Batcher::await).toList();
  }

  private static Location await(CompletableFuture<Location> answer) {
    try {
      return answer.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof ScanFormerException failure) {
        throw new ScanFormerException(failure.code(), failure.getMessage(), failure);
      }
      if (cause instanceof IllegalStateException) {
        throw new IllegalStateException(cause.getMessage(), cause);
      }
      throw new RejectedExecutionException(cause.getMessage(), cause);
    }
  }

  /**
   * Adds a request to the queue.
   *
   * @return completed with the answer, or exceptionally: with a {@link ScanFormerException} or an
   *     {@link IllegalStateException} as {@link ScanFormer#locate(Request)} throws them; with a
   *     {@link RejectedExecutionException} when the queue was full, or a newer request took the
   *     place; with an {@link InterruptedException} when the thread was interrupted while it waited
   *     for room, which leaves its interrupt status set
   * @throws IllegalStateException when the batcher is closed, or calls its metrics about its queue
   *     on this thread
   */
  public CompletableFuture<Location> submit(Request request) {
    try {
      return queue.submit(request, mayWait());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * The same for an answer that is of use until a time.
   *
   * @param deadline the {@link System#nanoTime()} at which the future completes exceptionally with
   *     a {@link TimeoutException}; a request that still waits then is not run, and the waiting for
   *     room ends; {@link Long#MAX_VALUE} for none
   * @throws ScanFormerException BAD_INPUT when the deadline is no time by that clock, such as one
   *     by {@link System#currentTimeMillis()}
   */
  public CompletableFuture<Location> submit(Request request, long deadline) {
    try {
      return queue.submit(request, deadline, mayWait());
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** A batcher's thread cannot wait for itself, nor for another batcher's that waits for it. */
  private boolean mayWait() {
    return !BatchWorker.isWorkerThread() && !isInCall();
  }

  private boolean isInCall() {
    for (BatchWorker worker : workers) {
      if (worker.isModelInCall()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return "batcher of " + workers.size() + " models, " + queueLength() + " requests wait";
  }

  /** The number of requests that wait, cancelled ones among them until their turn comes. */
  public int queueLength() {
    return queue.length();
  }

  /**
   * Waits until all requests in the queue are answered, and frees everything. Requests that come
   * meanwhile are refused. An interrupt does not end the waiting. Called by a batcher's thread,
   * within a stage of a future, it does not wait. Idempotent.
   *
   * @throws IllegalStateException within a call of the model, by a listener or by metrics
   */
  @Override
  public void close() {
    queue.requireNoCallback();
    if (isInCall()) {
      throw new IllegalStateException(
          "The batcher cannot be closed from within a call of its model, by a listener or by"
              + " metrics: let another thread close it");
    }
    queue.close();
    if (BatchWorker.isWorkerThread()) {
      return;
    }
    workers.forEach(BatchWorker::join);
  }
}
