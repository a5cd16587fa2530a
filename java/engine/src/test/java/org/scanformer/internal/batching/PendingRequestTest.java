package org.scanformer.internal.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.BatcherOptions;
import org.scanformer.BatcherOptions.Overflow;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormerMetrics;

/** A request is let go when it is over and no worker holds it, wherever it is then. */
@Timeout(30)
class PendingRequestTest {
  private static final Request REQUEST =
      Request.of(Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1), "x");

  private final FakeClock clock = new FakeClock();
  private final List<PendingRequest> batch = new ArrayList<>();
  private final BatchQueue queue =
      new BatchQueue(
          BatcherOptions.builder()
              .maxBatch(2)
              .queueCapacity(2)
              .overflow(Overflow.DROP_OLDEST)
              .build(),
          ScanFormerMetrics.NONE,
          clock,
          1);

  private CompletableFuture<Location> submit() {
    return queue.submit(REQUEST, clock.nanoTime() + 10, true);
  }

  private PendingRequest taken() {
    assertTrue(queue.take(batch, () -> false));
    return batch.get(0);
  }

  private static boolean isReleased(CompletableFuture<Location> answer) {
    return QueuedAnswer.of(answer).released().toCompletableFuture().isDone();
  }

  @Test
  void whatExpiresInTheQueueIsLetGoAtOnce() {
    PendingRequest pending = new PendingRequest(REQUEST, 0);
    assertEquals(REQUEST, pending.request());
    pending.answer().completeExceptionally(new TimeoutException());
    assertNull(pending.request());
    assertFalse(pending.hold());
    assertTrue(isReleased(pending.answer()));

    CompletableFuture<Location> expires = submit();
    CompletableFuture<Location> cancelled = submit();
    clock.advance(9);
    cancelled.cancel(false);
    assertFalse(isReleased(expires));
    assertTrue(isReleased(cancelled));
    clock.advance(1);
    assertTrue(isReleased(expires));
    assertEquals(2, queue.length());
  }

  @Test
  void whatAWorkerHoldsIsLetGoByTheWorker() {
    CompletableFuture<Location> answer = submit();
    PendingRequest pending = taken();
    assertTrue(pending.hold());
    clock.advance(10);
    assertTrue(answer.isDone());
    assertFalse(isReleased(answer));
    assertNotNull(pending.request());
    pending.release();
    assertTrue(isReleased(answer));
    assertNull(pending.request());
  }

  @Test
  void whatIsPutBackWaitsAgain() {
    CompletableFuture<Location> waits = submit();
    CompletableFuture<Location> isOver = submit();
    taken();
    batch.forEach(PendingRequest::hold);
    isOver.cancel(false);
    assertFalse(isReleased(isOver));
    queue.putBack(batch);
    assertTrue(isReleased(isOver));
    assertFalse(isReleased(waits));
    clock.advance(10);
    assertTrue(isReleased(waits));
  }

  @Test
  void whatIsReplacedIsLetGo() {
    CompletableFuture<Location> first = submit();
    submit();
    submit();
    assertTrue(isReleased(first));
  }

  @Test
  void theLastWorkerLetsGoOfAll() {
    CompletableFuture<Location> held = submit();
    assertTrue(taken().hold());
    CompletableFuture<Location> waits = submit();
    queue.leave(batch, new IllegalStateException("the worker has ended"));
    assertTrue(isReleased(held));
    assertTrue(isReleased(waits));
  }

  /** The clock knows of it before the queue refuses it, and would keep it until the deadline. */
  @Test
  void theClockKeepsNothingOfWhatIsRefused() {
    BatchQueue closed = new BatchQueue(BatcherOptions.defaults(), ScanFormerMetrics.NONE, clock, 1);
    closed.close();
    assertThrows(
        IllegalStateException.class, () -> closed.submit(REQUEST, clock.nanoTime() + 10, true));
    assertTrue(clock.expiring().isDone());
  }
}
