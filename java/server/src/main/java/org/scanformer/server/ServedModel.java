package org.scanformer.server;

import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.internal.batching.WorkerEndedException;

/**
 * A loaded model with a queue for each schedule, so that the requests of all clients run in
 * batches. Both queues share the weights. Thread-safe.
 */
public final class ServedModel implements AutoCloseable {
  private final ModelSpec spec;
  private final ScanFormer model;
  private final Batcher finalOnly;
  private final Batcher perScale;
  private final Set<CompletableFuture<Location>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean lost;
  private volatile boolean stopped;

  /**
   * Loads a model and asks it once with each schedule, which compiles and lays out what it needs.
   */
  static ServedModel load(ModelSpec spec, ScanFormerOptions options, BatcherOptions.Builder queue) {
    ScanFormer model =
        spec.bundled() != null
            ? ScanFormer.load(spec.bundled(), options)
            : ScanFormer.load(spec.directory(), options);
    try {
      return new ServedModel(spec, model, queue);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private ServedModel(ModelSpec spec, ScanFormer model, BatcherOptions.Builder queue) {
    this.spec = spec;
    this.model = model;
    finalOnly = model.openBatcher(queue.schedule(Schedule.FINAL_ONLY).build());
    try {
      perScale = model.openBatcher(queue.schedule(Schedule.PER_SCALE).build());
    } catch (RuntimeException | Error e) {
      finalOnly.close();
      throw e;
    }
    try {
      int side = 64;
      Image gray =
          Image.of(ByteBuffer.allocateDirect(3 * side * side), PixelFormat.RGB, side, side);
      finalOnly.locate(gray, "warm up");
      perScale.locate(gray, "warm up");
    } catch (RuntimeException | Error e) {
      closeQueues();
      throw e;
    }
  }

  /** What it was loaded by. */
  public ModelSpec spec() {
    return spec;
  }

  /** What requests call it. */
  public String name() {
    return spec.name();
  }

  /** Its version. */
  public String version() {
    return spec.version();
  }

  /** Whether it can be asked: its queues are served, and its device is not lost. */
  public boolean isReady() {
    return !lost;
  }

  /** Whether its answers have a score. */
  public boolean hasScores() {
    return Boolean.TRUE.equals(model.config().get("score_head"));
  }

  /** What it runs on, and its size, in a few words. */
  public String description() {
    return model.toString();
  }

  /**
   * Adds a request to the queue.
   *
   * @param deadline a {@link System#nanoTime()}
   * @return as {@link Batcher#submit(Request, long)}
   * @throws ServiceException UNAVAILABLE after {@link #stop()}
   */
  CompletableFuture<Location> submit(Request request, Schedule schedule, long deadline) {
    Batcher batcher = schedule == Schedule.PER_SCALE ? perScale : finalOnly;
    requireNotStopped();
    CompletableFuture<Location> answer;
    try {
      answer = batcher.submit(request, deadline);
    } catch (RuntimeException e) {
      // Its worker may have ended while nobody waited for an answer.
      if (e instanceof IllegalStateException || isOfQueue(e)) {
        lost = true;
      }
      throw e;
    }
    open.add(answer);
    // The queue's own future is given out, as only cancelling that one takes the request back.
    answer.whenComplete(
        (location, failure) -> {
          open.remove(answer);
          if (isOfQueue(failure)) {
            lost = true;
          }
        });
    if (stopped) {
      answer.cancel(false);
    }
    return answer;
  }

  /** Whether a question failed because no other will be answered. */
  private static boolean isOfQueue(Throwable failure) {
    return failure instanceof WorkerEndedException
        || failure instanceof ScanFormerException model && model.code() == ErrorCode.DEVICE_LOST;
  }

  private void requireNotStopped() {
    if (stopped) {
      throw new ServiceException(FailureKind.UNAVAILABLE, "The server is stopping");
    }
  }

  /** Takes back what waits in the queues, as nobody waits for it any more, and takes no more. */
  void stop() {
    stopped = true;
    open.forEach(answer -> answer.cancel(false));
  }

  private void closeQueues() {
    try (finalOnly) {
      perScale.close();
    }
  }

  /** Answers what is in the queues, and frees the model. */
  @Override
  public void close() {
    try (model) {
      closeQueues();
    }
  }

  @Override
  public String toString() {
    return spec.name() + " version " + spec.version() + " (" + description() + ")";
  }
}
