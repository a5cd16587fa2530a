package org.scanformer.internal.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.BatcherOptions;
import org.scanformer.BatcherOptions.Overflow;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerMetrics;

/** When a batch goes and what is dropped, by a clock that the test drives. */
@Timeout(30)
class BatchQueueTest {
  private static final long MILLI = 1_000_000;
  private static final Image IMAGE = Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1);

  private final FakeClock clock = new FakeClock();
  private final List<String> seen = new ArrayList<>();
  private final List<PendingRequest> batch = new ArrayList<>();
  private boolean stopped;

  private final ScanFormerMetrics metrics =
      new ScanFormerMetrics() {
        @Override
        public void batchFormed(int requests, long longestWaitNanos) {
          seen.add("batch " + requests + " after " + longestWaitNanos / MILLI);
        }

        @Override
        public void requestDropped(DropReason reason) {
          seen.add(reason.name());
        }
      };

  private static BatcherOptions.Builder options() {
    return BatcherOptions.builder().maxBatch(3);
  }

  private static BatcherOptions.Builder delayed() {
    return options().maxDelay(Duration.ofMillis(30));
  }

  private BatchQueue queue(BatcherOptions.Builder options) {
    return new BatchQueue(options.build(), metrics, clock, 1);
  }

  private static Request request(String text) {
    return Request.of(IMAGE, text);
  }

  private static CompletableFuture<Location> submit(BatchQueue queue, String text) {
    return queue.submit(request(text), true);
  }

  /** The texts of the next batch. */
  private List<String> take(BatchQueue queue) {
    batch.clear();
    assertTrue(queue.take(batch, () -> stopped));
    return batch.stream().map(pending -> pending.request().text()).toList();
  }

  private static Throwable failure(CompletableFuture<Location> answer) {
    assertTrue(answer.isDone());
    return assertThrows(CompletionException.class, answer::join).getCause();
  }

  // ---- The delay ----

  @Test
  void withoutADelayABatchGoesAtOnce() {
    BatchQueue queue = queue(options());
    submit(queue, "a");
    assertEquals(List.of("a"), take(queue));
    assertEquals(List.of(), clock.waits);
  }

  @Test
  void aRequestWaitsForOthersAsLongAsTheDelay() {
    BatchQueue queue = queue(delayed());
    submit(queue, "a");
    assertEquals(List.of("a"), take(queue));
    assertEquals(List.of(30 * MILLI), clock.waits);
    assertEquals(List.of("batch 1 after 30"), seen);
  }

  @Test
  void theDelayIsThatOfTheOldestRequest() {
    BatchQueue queue = queue(delayed());
    submit(queue, "a");
    clock.advance(10 * MILLI);
    submit(queue, "b");
    assertEquals(List.of("a", "b"), take(queue));
    assertEquals(List.of(20 * MILLI), clock.waits);
    assertEquals(List.of("batch 2 after 30"), seen);
  }

  @Test
  void aFullBatchDoesNotWait() {
    BatchQueue queue = queue(delayed());
    for (String text : List.of("a", "b", "c", "d")) {
      submit(queue, text);
    }
    assertEquals(List.of("a", "b", "c"), take(queue));
    assertEquals(List.of(), clock.waits);
    assertEquals(1, queue.length());
  }

  @Test
  void whatComesMeanwhileFillsTheBatch() {
    BatchQueue queue = queue(delayed().maxBatch(2));
    submit(queue, "a");
    clock.instead =
        () -> {
          clock.advance(5 * MILLI);
          submit(queue, "b");
        };
    assertEquals(List.of("a", "b"), take(queue));
    assertEquals(List.of("batch 2 after 5"), seen);
  }

  @Test
  void aWaitThatEndsTooSoonIsGoneOnWith() {
    BatchQueue queue = queue(delayed());
    submit(queue, "a");
    clock.instead = () -> clock.advance(29 * MILLI);
    assertEquals(List.of("a"), take(queue));
    assertEquals(List.of(30 * MILLI, MILLI), clock.waits);
  }

  // ---- Deadlines and cancelling ----

  @Test
  void whatExpiresIsNotTaken() {
    BatchQueue queue = queue(options());
    CompletableFuture<Location> soon =
        queue.submit(request("soon"), clock.nanoTime() + 20 * MILLI, true);
    CompletableFuture<Location> late =
        queue.submit(request("late"), clock.nanoTime() + 21 * MILLI, true);
    clock.advance(20 * MILLI);
    assertInstanceOf(TimeoutException.class, failure(soon));
    assertEquals(List.of("late"), take(queue));
    assertFalse(late.isDone());
    assertEquals(List.of("EXPIRED", "batch 1 after 20"), seen);
  }

  @Test
  void whatExpiresWhileItWaitsForOthersIsNotTaken() {
    BatchQueue queue = queue(delayed());
    CompletableFuture<Location> soon =
        queue.submit(request("soon"), clock.nanoTime() + 10 * MILLI, true);
    submit(queue, "late");
    assertEquals(List.of("late"), take(queue));
    assertInstanceOf(TimeoutException.class, failure(soon));
  }

  @Test
  void aPastDeadlineIsNotQueued() {
    BatchQueue queue = queue(options());
    assertInstanceOf(
        TimeoutException.class, failure(queue.submit(request("a"), clock.nanoTime(), true)));
    assertEquals(0, queue.length());
    assertEquals(List.of("EXPIRED"), seen);
  }

  @Test
  void whatIsCancelledIsNotTaken() {
    BatchQueue queue = queue(options());
    submit(queue, "a").cancel(false);
    submit(queue, "b");
    assertEquals(2, queue.length());
    assertEquals(List.of("b"), take(queue));
    assertEquals(List.of("CANCELLED", "batch 1 after 0"), seen);
  }

  // ---- A full queue ----

  @Test
  void aFullQueueRejects() {
    BatchQueue queue = queue(options().queueCapacity(2).overflow(Overflow.REJECT));
    CompletableFuture<Location> first = submit(queue, "a");
    submit(queue, "b");
    Throwable refused = failure(submit(queue, "c"));
    assertInstanceOf(RejectedExecutionException.class, refused);
    assertEquals("The queue is full: 2 requests wait", refused.getMessage());
    // What is cancelled makes room.
    first.cancel(false);
    submit(queue, "d");
    assertEquals(List.of("b", "d"), take(queue));
    assertEquals(List.of("REJECTED", "CANCELLED", "batch 2 after 0"), seen);
  }

  @Test
  void aFullQueueDropsTheOldest() {
    BatchQueue queue = queue(options().queueCapacity(2).overflow(Overflow.DROP_OLDEST));
    CompletableFuture<Location> first = submit(queue, "a");
    submit(queue, "b");
    submit(queue, "c");
    assertInstanceOf(RejectedExecutionException.class, failure(first));
    assertEquals(List.of("b", "c"), take(queue));
    assertEquals(List.of("REPLACED", "batch 2 after 0"), seen);
  }

  @Test
  void aFullQueueMakesItsCallersWait() throws Exception {
    BatchQueue queue = queue(options().queueCapacity(1));
    submit(queue, "a");
    Thread caller = new Thread(() -> submit(queue, "b"));
    caller.start();
    while (caller.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertEquals(List.of("a"), take(queue));
    caller.join();
    assertEquals(List.of("b"), take(queue));
  }

  @Test
  void aWorkerIsRefusedWhereItWouldWaitForItself() {
    BatchQueue queue = queue(options().queueCapacity(1));
    submit(queue, "a");
    assertInstanceOf(RejectedExecutionException.class, failure(queue.submit(request("b"), false)));
  }

  // ---- The end ----

  @Test
  void aClosedQueueIsEmptiedWithoutDelay() {
    BatchQueue queue = queue(delayed());
    submit(queue, "a");
    queue.close();
    assertEquals(List.of("a"), take(queue));
    assertEquals(List.of(), clock.waits);
    assertFalse(queue.take(batch, () -> stopped));
    assertThrows(IllegalStateException.class, () -> submit(queue, "b"));
    assertThrows(
        IllegalStateException.class, () -> queue.submit(request("b"), clock.nanoTime() - 1, true));
  }

  @Test
  void aStoppedWorkerTakesNoMore() {
    BatchQueue queue = queue(delayed());
    submit(queue, "a");
    clock.instead = () -> stopped = true;
    assertFalse(queue.take(batch, () -> stopped));
    assertEquals(1, queue.length());
  }

  @Test
  void whatIsPutBackIsTakenFirst() {
    BatchQueue queue = queue(options());
    for (String text : List.of("a", "b", "c", "d")) {
      submit(queue, text);
    }
    take(queue);
    batch.get(1).answer().cancel(false);
    queue.putBack(batch);
    assertEquals(List.of("a", "c", "d"), take(queue));
  }

  @Test
  void theLastWorkerEndsTheQueue() {
    BatchQueue queue = new BatchQueue(options().build(), metrics, clock, 2);
    final CompletableFuture<Location> taken = submit(queue, "a");
    take(queue);
    CompletableFuture<Location> waiting = submit(queue, "b");
    ScanFormerException lost = new ScanFormerException(ErrorCode.DEVICE_LOST, "lost");
    queue.leave(batch, new IllegalStateException("first"));
    assertEquals("first", failure(taken).getMessage());
    assertFalse(waiting.isDone());
    queue.leave(List.of(), lost);
    assertEquals(lost, failure(waiting));
    ScanFormerException refused = assertThrows(ScanFormerException.class, () -> submit(queue, "c"));
    assertEquals(ErrorCode.DEVICE_LOST, refused.code());
  }

  // ---- A full queue ----

  @Test
  void aDeadlineHoldsWhileARequestWaitsForRoom() {
    BatchQueue queue = queue(options().queueCapacity(1));
    submit(queue, "a");
    CompletableFuture<Location> late =
        queue.submit(request("b"), clock.nanoTime() + 6 * MILLI, true);
    assertInstanceOf(TimeoutException.class, failure(late));
    assertEquals(List.of(6 * MILLI), clock.waits);
    assertEquals(List.of("EXPIRED"), seen);
    assertEquals(List.of("a"), take(queue));
  }

  @Test
  void roomThatComesBeforeTheDeadlineIsTaken() {
    BatchQueue queue = queue(options().queueCapacity(1));
    submit(queue, "a");
    clock.instead =
        () -> {
          clock.advance(2 * MILLI);
          take(queue);
        };
    CompletableFuture<Location> soon =
        queue.submit(request("b"), clock.nanoTime() + 6 * MILLI, true);
    assertFalse(soon.isDone());
    assertEquals(List.of("b"), take(queue));
  }

  /** A worker that finds nothing to do has made room all the same. */
  @Test
  void roomThatCancelledRequestsLeaveIsTaken() throws Exception {
    BatchQueue queue = new BatchQueue(options().queueCapacity(1).build(), metrics, clock, 1);
    final CompletableFuture<Location> cancelled = submit(queue, "a");
    AtomicReference<CompletableFuture<Location>> second = new AtomicReference<>();
    Thread caller = new Thread(() -> second.set(submit(queue, "b")));
    caller.start();
    awaitWaiting(caller);
    cancelled.cancel(false);
    Thread worker = new Thread(() -> take(queue));
    worker.start();
    worker.join(10_000);
    assertFalse(worker.isAlive(), "the caller who waits for room is told of it");
    caller.join();
    assertFalse(second.get().isDone());
    assertEquals("b", batch.get(0).request().text());
  }

  private static void awaitWaiting(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }

  @Test
  void aFullQueueGoesAtOnce() {
    BatchQueue queue = queue(delayed().queueCapacity(2));
    submit(queue, "a");
    submit(queue, "b");
    assertEquals(List.of("a", "b"), take(queue));
    assertEquals(List.of(), clock.waits);
    assertEquals(List.of("batch 2 after 0"), seen);
  }

  // ---- Deadlines that are none ----

  @Test
  void refusesDeadlinesThatAreNone() {
    BatchQueue queue = queue(options());
    for (long wrong :
        new long[] {System.currentTimeMillis(), clock.nanoTime() + Long.MAX_VALUE / 2}) {
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> queue.submit(request("a"), wrong, true));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("nanoTime"), refused.getMessage());
      assertTrue(refused.getMessage().contains("currentTimeMillis"), refused.getMessage());
    }
    assertEquals(0, queue.length());
    queue.submit(request("a"), Long.MAX_VALUE, true);
    assertEquals(List.of("a"), take(queue));
  }
}
