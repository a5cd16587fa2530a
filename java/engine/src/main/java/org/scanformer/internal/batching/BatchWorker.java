package org.scanformer.internal.batching;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.BatcherOptions;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.engine.ContextOwner;
import org.scanformer.internal.engine.EncodedExpression;
import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.ExecutionContext;
import org.scanformer.internal.engine.JavaMemory;
import org.scanformer.internal.engine.Limits;
import org.scanformer.internal.engine.ModelClosedException;
import org.scanformer.internal.engine.RunOptions;
import org.scanformer.internal.engine.TextCache;

/**
 * A thread that answers a queue's batches on one device. A batch that fails is tried once more,
 * request by request; a device that is lost, or a model that is closed, ends the worker, whose
 * requests go back to the queue. Thread-safe.
 */
public final class BatchWorker implements ContextOwner {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private final BatchQueue queue;
  private final BatcherOptions options;
  private final Engine engine;
  private final ExecutionContext context;
  private final TextCache texts;
  private final RunOptions runOptions = new RunOptions();
  private final Thread thread;
  private final List<PendingRequest> batch = new ArrayList<>();
  private final List<EncodedExpression> held = new ArrayList<>();
  private volatile boolean stopped;

  /** Whether a batch is being run; read by the worker's own thread. */
  private boolean running;

  /**
   * Reserves what a worker needs on an engine's device; it works after {@link #start()}.
   *
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  public BatchWorker(BatchQueue queue, BatcherOptions options, Engine engine, int number) {
    this.queue = queue;
    this.options = options;
    this.engine = engine;
    texts = new TextCache(engine, options.textCache());
    thread = new WorkerThread(this::work, "scanformer-batcher-" + number);
    thread.setDaemon(true);
    // The last: once it is open the engine may stop the worker, on another thread.
    context =
        engine.openContext(
            Limits.anyFrames(options.maxBatch()), options.threads(), System::nanoTime, this);
  }

  /** Begins to answer. */
  public void start() {
    thread.start();
  }

  /** Frees what a worker that is not started, or has ended, holds of its device. */
  public void release() {
    texts.close();
    engine.closeContext(context);
  }

  /** A thread of a worker. */
  private static final class WorkerThread extends Thread {
    WorkerThread(Runnable work, String name) {
      super(work, name);
    }
  }

  /** Whether the calling thread is one of any batcher's, in a stage of a future or in metrics. */
  public static boolean isWorkerThread() {
    return Thread.currentThread() instanceof WorkerThread;
  }

  /** Whether the calling thread is within a call of the worker's model. */
  public boolean isModelInCall() {
    return engine.isInCall();
  }

  @Override
  public boolean isInCall() {
    return isCallingThread() && running || queue.isTelling();
  }

  @Override
  public boolean isCallingThread() {
    return thread == Thread.currentThread();
  }

  /** Waits until the worker has ended. Not for a worker's own thread. */
  public void join() {
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

  /** Ends the worker when its running batch is answered: the model is being closed. */
  @Override
  public void close() {
    stopped = true;
    queue.wakeWorkers();
    join();
  }

  private void work() {
    RuntimeException end = new IllegalStateException("The model of the batcher is closed");
    try {
      while (take()) {
        answer();
      }
    } catch (ScanFormerException | ModelClosedException e) {
      end = e;
    } catch (RuntimeException | Error e) {
      end = new WorkerEndedException(e);
      LOG.log(System.Logger.Level.ERROR, "A batcher's thread ended unexpectedly", e);
    } finally {
      try {
        queue.leave(batch, end);
      } finally {
        release();
      }
    }
  }

  /** Waits for a batch; false when there will be none. */
  private boolean take() {
    try {
      return queue.take(batch, () -> stopped);
    } catch (OutOfMemoryError e) {
      return true; // What was taken until then is answered, and the next try may have room.
    }
  }

  /**
   * Answers the batch.
   *
   * @throws ScanFormerException DEVICE_LOST, with the batch's requests back in the queue
   * @throws ModelClosedException when the model is closed, with the requests back there too
   */
  private void answer() {
    try {
      locateOrRetry();
    } catch (ScanFormerException | ModelClosedException end) {
      throw end;
    } catch (RuntimeException | Error e) {
      // Errors too: the next batch may well run, and the worker's end would end all that wait. With
      // a full heap the handling of an error may itself fail.
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().completeExceptionally(e);
      }
    }
    batch.forEach(PendingRequest::release);
    batch.clear();
  }

  private void locateOrRetry() {
    try {
      locate(batch);
    } catch (ScanFormerException e) {
      retry(e);
    } catch (ModelClosedException e) {
      putBack(e);
    } catch (OutOfMemoryError e) {
      retry(JavaMemory.exhausted("a batch", e));
    }
  }

  private void retry(ScanFormerException failure) {
    boolean single = batch.size() == 1;
    requireDevice(failure);
    for (PendingRequest pending : List.copyOf(batch)) {
      try {
        if (single) {
          throw failure;
        }
        locate(List.of(pending));
      } catch (ScanFormerException e) {
        requireDevice(e);
        pending.answer().completeExceptionally(e);
      } catch (ModelClosedException e) {
        putBack(e);
      } catch (RuntimeException | Error e) {
        pending.answer().completeExceptionally(e);
      }
    }
  }

  /** Leaves the batch to the other workers when the device is lost. */
  private void requireDevice(ScanFormerException failure) {
    if (failure.code() == ErrorCode.DEVICE_LOST) {
      putBack(failure);
    }
  }

  private void putBack(RuntimeException end) {
    queue.putBack(batch);
    batch.clear();
    throw end;
  }

  /**
   * Runs those of the requests that can be run; the others' futures fail. The expressions of those
   * that are run are released before they are answered.
   */
  private void locate(List<PendingRequest> requests) {
    List<PendingRequest> runnable = new ArrayList<>(requests.size());
    List<Location> found;
    try {
      for (PendingRequest pending : requests) {
        if (pending.hold() && prepare(pending, runnable.size())) {
          runnable.add(pending);
        }
      }
      if (runnable.isEmpty()) {
        return;
      }
      found = run(runnable.size());
    } finally {
      context.clear();
      held.forEach(EncodedExpression::release);
      held.clear();
    }
    for (int r = 0; r < found.size(); r++) {
      runnable.get(r).answer().complete(found.get(r));
    }
  }

  private List<Location> run(int requests) {
    runOptions.reset(options.schedule());
    running = true;
    try {
      context.run(requests, runOptions);
    } finally {
      running = false;
    }
    return context.locations(requests, options.schedule());
  }

  private boolean prepare(PendingRequest pending, int slot) {
    Request request = pending.request();
    try {
      EncodedExpression expression = encoded(request);
      float foundBound = context.foundBound(request.foundThreshold());
      context.set(
          slot, request.image(), expression, request.selection(), foundBound, request.candidates());
      expression.hold();
      held.add(expression);
      return true;
    } catch (ScanFormerException e) {
      if (e.code() == ErrorCode.DEVICE_LOST) {
        throw e;
      }
      pending.answer().completeExceptionally(e);
    } catch (ModelClosedException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      pending.answer().completeExceptionally(e);
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
}
