package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.internal.batching.BatchQueue;
import org.scanformer.internal.batching.BatchWorker;
import org.scanformer.internal.batching.QueueClock;

/** A heap so full that not even an error can be handled fails a request and ends no batcher. */
class BatcherFullHeapTest extends BatcherFixture {
  /** An error that there is no room to describe. */
  private static final class FullHeap extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw this;
    }
  }

  @Test
  void anErrorThatCannotBeDescribed() throws Exception {
    FaultyBackend faults = new FaultyBackend();
    ScanFormerOptions options = ScanFormerOptions.builder().backend(backend()).build();
    try (ScanFormer own = ScanFormer.load(directory, options, faults::open);
        Expression red = own.encode("red");
        Batcher batcher = own.openBatcher(BatcherOptions.defaults())) {
      Request request = Request.of(image(0), red);
      faults.failWith(0, new FullHeap());
      assertInstanceOf(
          OutOfMemoryError.class,
          batcher.submit(request).handle((found, failed) -> failed).get(30, TimeUnit.SECONDS));
      batcher.submit(request).get(30, TimeUnit.SECONDS);
    }
  }

  /**
   * A single request goes without a look at the clock, which then fails while the request is on its
   * way from the queue to the batch; one of a larger batch fails it before that.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void anErrorWhileABatchIsTaken(int maxBatch) throws Exception {
    AtomicBoolean full = new AtomicBoolean();
    QueueClock clock =
        new QueueClock() {
          @Override
          public long nanoTime() {
            if (BatchWorker.isWorkerThread() && full.getAndSet(false)) {
              throw new OutOfMemoryError("the clock");
            }
            return System.nanoTime();
          }

          @Override
          public void await(Condition signal, long nanos) throws InterruptedException {
            QueueClock.SYSTEM.await(signal, nanos);
          }

          @Override
          public void expire(CompletableFuture<?> answer, long nanos) {
            QueueClock.SYSTEM.expire(answer, nanos);
          }
        };
    BatcherOptions options = BatcherOptions.builder().maxBatch(maxBatch).build();
    BatchQueue queue = new BatchQueue(options, ScanFormerMetrics.NONE, clock, 1);
    BatchWorker worker = new BatchWorker(queue, options, model.engine(), 0);
    full.set(true);
    worker.start();
    queue.submit(Request.of(image(0), "red"), true).get(30, TimeUnit.SECONDS);
    assertTrue(!full.get(), "the clock has failed");
    queue.close();
    worker.join();
  }
}
