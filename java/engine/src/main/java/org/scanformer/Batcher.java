package org.scanformer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.scanformer.ScanFormerMetrics.DropReason;
import org.scanformer.internal.engine.EncodedExpression;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.ExecutionContext;
import org.scanformer.internal.engine.GuardedMetrics;
import org.scanformer.internal.engine.Limits;
import org.scanformer.internal.engine.RunOptions;
import org.scanformer.internal.engine.TextCache;

/**
 * A queue in front of one or more models, for services and many streams: requests of any number of
 * threads go to the next free device together, as many as have come and fit a batch.
 *
 * <pre>{@code
 * try (Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
 *   CompletableFuture<Location> found = batcher.submit(Request.of(image, "the red car"));
 *   found.thenAccept(location -> System.found.println(location.box()));
 * }
 * }</pre>
 *
 * <p>A request that fails, by its image, masks or expression, fails alone. When a device fails on a
 * batch, its requests are tried once more one by one. A device that is lost answers no more; its
 * requests go to the other devices, and fail with DEVICE_LOST when there are none.
 *
 * <p>A future may be cancelled: its request is not run, unless it is running already. Futures are
 * completed by the batcher's threads, so a stage that takes long should be an Async one. The
 * batcher holds nothing of an answered request: an expression that is closed then is freed at once.
 *
 * <p>Thread-safe. Each model has a thread and a session of its own, beside those of others.
 */
public final class Batcher implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private final BatcherOptions options;
  private final ScanFormerMetrics metrics;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final Deque<Waiting> queue = new ArrayDeque<>();
  private final List<Worker> workers = new ArrayList<>();
  private boolean closed;

  /** Workers that still answer. */
  private int working;

  /** Why the last worker answers no more. */
  private RuntimeException dead;

  /** A request in the queue. */
  private static final class Waiting {
    private final Request request;
    private final long since = System.nanoTime();
    private final CompletableFuture<Location> answer = new CompletableFuture<>();

    Waiting(Request request) {
      this.request = request;
    }
  }

  /**
   * Opens a queue in front of models of one kind, as of one on each device. It uses them beside
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
    return new Batcher(models, options);
  }

  Batcher(List<ScanFormer> models, BatcherOptions options) {
    this.options = Objects.requireNonNull(options, "options");
    this.metrics = new GuardedMetrics(options.metrics());
    try {
      for (ScanFormer model : models) {
        workers.add(new Worker(model.engine(), workers.size()));
      }
    } catch (RuntimeException e) {
      workers.forEach(Worker::release);
      throw e;
    }
    working = workers.size();
    workers.forEach(worker -> worker.thread.start());
  }

  /**
   * Adds a request to the queue.
   *
   * @return completed with the answer, or exceptionally: with a {@link ScanFormerException} or an
   *     {@link IllegalStateException} as {@link ScanFormer#locate(Request)} throws them; with a
   *     {@link RejectedExecutionException} when the queue was full, or newer requests took the
   *     place; with an {@link InterruptedException} when the thread was interrupted while it waited
   *     for room, which leaves its interrupt status set
   * @throws IllegalStateException when the batcher is closed
   */
  public CompletableFuture<Location> submit(Request request) {
    Waiting waiting = new Waiting(Objects.requireNonNull(request, "request"));
    enqueue(waiting);
    return waiting.answer;
  }

  /**
   * The same for an answer that is of use until a time.
   *
   * @param deadline the {@link System#nanoTime()} at which the future completes exceptionally with
   *     a {@link TimeoutException}; a request that still waits then is not run
   */
  public CompletableFuture<Location> submit(Request request, long deadline) {
    Waiting waiting = new Waiting(Objects.requireNonNull(request, "request"));
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      requireOpen();
      waiting.answer.completeExceptionally(new TimeoutException());
      metrics.requestDropped(DropReason.EXPIRED);
    } else {
      waiting.answer.orTimeout(left, TimeUnit.NANOSECONDS);
      enqueue(waiting);
    }
    return waiting.answer;
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

  private void enqueue(Waiting waiting) {
    Waiting replaced = null;
    lock.lock();
    try {
      requireOpenLocked();
      if (queue.size() >= options.queueCapacity()) {
        dropAbandoned();
      }
      boolean ownThread = workers.stream().anyMatch(w -> w.thread == Thread.currentThread());
      while (queue.size() >= options.queueCapacity()
          && options.overflow() == BatcherOptions.Overflow.WAIT
          && !ownThread) {
        try {
          room.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          waiting.answer.completeExceptionally(e);
          return;
        }
        requireOpenLocked();
      }
      if (queue.size() >= options.queueCapacity()) {
        if (options.overflow() != BatcherOptions.Overflow.DROP_OLDEST) {
          // A batcher's own thread cannot wait for itself, so it is refused as well.
          waiting.answer.completeExceptionally(
              new RejectedExecutionException(
                  "The queue is full: " + queue.size() + " requests wait"));
          metrics.requestDropped(DropReason.REJECTED);
          return;
        }
        replaced = queue.poll();
      }
      queue.add(waiting);
      // With the lock, so that the length that is told last is the last.
      metrics.queueLength(queue.size());
      changed.signal();
    } finally {
      lock.unlock();
    }
    if (replaced != null) {
      replaced.answer.completeExceptionally(
          new RejectedExecutionException("A newer request took its place in the full queue"));
      metrics.requestDropped(DropReason.REPLACED);
    }
  }

  /** Takes out of the queue what nobody waits for any more. Called with the lock. */
  private void dropAbandoned() {
    for (Iterator<Waiting> all = queue.iterator(); all.hasNext(); ) {
      Waiting waiting = all.next();
      if (waiting.answer.isDone()) {
        all.remove();
        metrics.requestDropped(
            waiting.answer.isCancelled() ? DropReason.CANCELLED : DropReason.EXPIRED);
      }
    }
  }

  /** The number of requests that wait, cancelled ones among them until their turn comes. */
  public int queueLength() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until all requests in the queue are answered, and frees everything. Requests that come
   * meanwhile are refused. An interrupt does not end the waiting. Called by one of the batcher's
   * own threads, within a stage of a future, it does not wait for that thread. Idempotent.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
    workers.forEach(Worker::join);
  }

  /** A thread that answers batches on one device. */
  private final class Worker {
    private final Engine engine;
    private final ExecutionContext context;
    private final TextCache texts;
    private final RunOptions runOptions = new RunOptions();
    private final Thread thread;
    private final List<Waiting> batch = new ArrayList<>();
    private final List<EncodedExpression> held = new ArrayList<>();
    private boolean stopped;

    Worker(Engine engine, int number) {
      this.engine = engine;
      texts = new TextCache(engine, options.textCache());
      thread = new Thread(this::work, "scanformer-batcher-" + number);
      thread.setDaemon(true);
      // The last: once it is open the engine may stop the worker, on another thread.
      context =
          engine.openContext(
              Limits.anyFrames(options.maxBatch()),
              options.threads(),
              System::nanoTime,
              this::stop);
    }

    void release() {
      texts.close();
      engine.closeContext(context);
    }

    /** Ends when its running batch is answered: the model is being closed. */
    private void stop() {
      lock.lock();
      try {
        stopped = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      join();
    }

    private void join() {
      if (thread == Thread.currentThread()) {
        return;
      }
      boolean interrupted = false;
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    private void work() {
      RuntimeException end = new IllegalStateException("The model of the batcher is closed");
      try {
        while (take()) {
          answer();
        }
      } catch (ScanFormerException lost) {
        end = lost;
      } catch (RuntimeException | Error e) {
        end = new IllegalStateException("A batcher's thread ended unexpectedly: " + e, e);
        LOG.log(System.Logger.Level.ERROR, "A batcher's thread ended unexpectedly", e);
      } finally {
        leave(end);
        release();
      }
    }

    /** Waits for a batch; false when there will be none. */
    private boolean take() {
      long longest = 0;
      lock.lock();
      try {
        while (!ready()) {
          if (stopped || closed && queue.isEmpty()) {
            return false;
          }
          if (queue.isEmpty()) {
            changed.awaitUninterruptibly();
          } else {
            awaitOthers();
          }
        }
        while (batch.size() < options.maxBatch() && !queue.isEmpty()) {
          Waiting next = queue.poll();
          longest = Math.max(longest, System.nanoTime() - next.since);
          batch.add(next);
        }
        metrics.queueLength(queue.size());
        if (!queue.isEmpty()) {
          changed.signal();
        }
        room.signalAll();
      } finally {
        lock.unlock();
      }
      metrics.batchFormed(batch.size(), longest);
      return true;
    }

    /** Whether a batch may go. */
    private boolean ready() {
      dropAbandoned();
      if (stopped || queue.isEmpty()) {
        return false;
      }
      return closed
          || queue.size() >= options.maxBatch()
          || System.nanoTime() - queue.peek().since >= options.maxDelayNanos();
    }

    private void awaitOthers() {
      try {
        changed.awaitNanos(options.maxDelayNanos() - (System.nanoTime() - queue.peek().since));
      } catch (InterruptedException e) {
        // Nobody has this thread to interrupt it but a stage of a future; it has nothing to end.
        LOG.log(System.Logger.Level.DEBUG, "A batcher's thread was interrupted", e);
      }
    }

    /**
     * Answers the batch.
     *
     * @throws ScanFormerException DEVICE_LOST, with the batch's requests back in the queue
     */
    private void answer() {
      try {
        locate(batch);
      } catch (ScanFormerException e) {
        retry(e);
      } catch (RuntimeException | Error e) {
        batch.forEach(waiting -> waiting.answer.completeExceptionally(e));
        if (e instanceof Error) {
          throw e;
        }
      }
      batch.clear();
    }

    private void retry(ScanFormerException failure) {
      boolean alone = batch.size() == 1;
      if (failure.code() == ErrorCode.DEVICE_LOST) {
        putBack();
        throw failure;
      }
      for (Waiting waiting : List.copyOf(batch)) {
        try {
          if (alone) {
            throw failure;
          }
          locate(List.of(waiting));
        } catch (ScanFormerException e) {
          if (e.code() == ErrorCode.DEVICE_LOST) {
            putBack();
            throw e;
          }
          waiting.answer.completeExceptionally(e);
        } catch (RuntimeException e) {
          waiting.answer.completeExceptionally(e);
        }
      }
    }

    /** Leaves what is not answered to the other workers, in its old place. */
    private void putBack() {
      lock.lock();
      try {
        for (int i = batch.size() - 1; i >= 0; i--) {
          if (!batch.get(i).answer.isDone()) {
            queue.addFirst(batch.get(i));
          }
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      batch.clear();
    }

    /**
     * Runs those of the requests that can be run; the others' futures fail. Those that are run are
     * let go before they are answered.
     */
    private void locate(List<Waiting> requests) {
      List<Waiting> running = new ArrayList<>(requests.size());
      List<Location> found;
      try {
        for (Waiting waiting : requests) {
          if (!waiting.answer.isDone() && prepare(waiting, running.size())) {
            running.add(waiting);
          }
        }
        if (running.isEmpty()) {
          return;
        }
        runOptions.reset(options.schedule());
        context.run(running.size(), runOptions);
        found = context.locations(running.size(), options.schedule());
      } finally {
        context.clear();
        held.forEach(EncodedExpression::release);
        held.clear();
      }
      for (int r = 0; r < found.size(); r++) {
        running.get(r).answer.complete(found.get(r));
      }
    }

    private boolean prepare(Waiting waiting, int slot) {
      Request request = waiting.request;
      try {
        EncodedExpression expression = encoded(request);
        context.set(slot, request.image(), expression, request.selection());
        expression.hold();
        held.add(expression);
        return true;
      } catch (ScanFormerException e) {
        if (e.code() == ErrorCode.DEVICE_LOST) {
          throw e;
        }
        waiting.answer.completeExceptionally(e);
      } catch (RuntimeException e) {
        waiting.answer.completeExceptionally(e);
      }
      return false;
    }

    /** The request's expression if this model encoded it; otherwise its text, encoded here. */
    private EncodedExpression encoded(Request request) {
      if (request.expression() != null) {
        EncodedExpression expression = EncodedExpression.of(request.expression());
        expression.requireOpen();
        if (expression.isOf(engine)) {
          return expression;
        }
      }
      return texts.get(request.text());
    }

    /** Answers no more; where it was the last worker, neither does the batcher. */
    private void leave(RuntimeException end) {
      List<Waiting> unanswered = new ArrayList<>(batch);
      lock.lock();
      try {
        working--;
        if (working == 0) {
          dead = end;
          unanswered.addAll(queue);
          queue.clear();
        }
        changed.signalAll();
        room.signalAll();
      } finally {
        lock.unlock();
      }
      unanswered.forEach(waiting -> waiting.answer.completeExceptionally(end));
    }
  }
}
