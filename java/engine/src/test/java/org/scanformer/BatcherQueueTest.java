package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.scanformer.BatcherOptions.Overflow;
import org.scanformer.ScanFormerMetrics.DropReason;

/** What a batcher does not answer: requests that expire, are cancelled or find no room. */
class BatcherQueueTest extends BatcherFixture {
  @Test
  void whatIsCancelledIsNotRun() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> first = holdUp(batcher);
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        answers.add(batcher.submit(Request.of(image(i), "red")));
      }
      for (int i = 0; i < 4; i++) {
        assertTrue(answers.get(i).cancel(true));
      }
      metrics.gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertSame(model.locate(image(4), "red"), answers.get(4).get(30, TimeUnit.SECONDS));
      assertThrows(CancellationException.class, answers.get(0)::get);
      assertEquals(List.of(1, 1), metrics.batches);
      assertEquals(Collections.nCopies(4, DropReason.CANCELLED), metrics.dropped);
    }
  }

  @Test
  void deadlinesHoldInTheQueue() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> past =
          batcher.submit(Request.of(image(0), "red"), System.nanoTime() - 1);
      assertInstanceOf(TimeoutException.class, failure(past));
      assertTrue(metrics.batches.isEmpty());
      CompletableFuture<Location> first = holdUp(batcher);
      CompletableFuture<Location> soon =
          batcher.submit(Request.of(image(0), "red"), System.nanoTime() + 20_000_000);
      CompletableFuture<Location> late =
          batcher.submit(Request.of(image(1), "red"), System.nanoTime() + 60_000_000_000L);
      // The device is busy; the future ends all the same.
      assertInstanceOf(TimeoutException.class, failure(soon));
      metrics.gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertSame(model.locate(image(1), "red"), late.get(30, TimeUnit.SECONDS));
      assertEquals(List.of(1, 1), metrics.batches);
      assertEquals(List.of(DropReason.EXPIRED, DropReason.EXPIRED), metrics.dropped);
    }
  }

  @Test
  void aFullQueueRejects() throws Exception {
    try (Batcher batcher =
        model.openBatcher(options().queueCapacity(2).overflow(Overflow.REJECT).build())) {
      CompletableFuture<Location> first = holdUp(batcher);
      CompletableFuture<Location> second = batcher.submit(Request.of(image(1), "red"));
      CompletableFuture<Location> third = batcher.submit(Request.of(image(2), "red"));
      CompletableFuture<Location> refused = batcher.submit(Request.of(image(3), "red"));
      assertInstanceOf(RejectedExecutionException.class, failure(refused));
      // What was cancelled makes room.
      third.cancel(false);
      CompletableFuture<Location> fourth = batcher.submit(Request.of(image(4), "red"));
      metrics.gate.countDown();
      for (CompletableFuture<Location> answer : List.of(first, second, fourth)) {
        answer.get(30, TimeUnit.SECONDS);
      }
      assertEquals(List.of(DropReason.REJECTED, DropReason.CANCELLED), metrics.dropped);
    }
  }

  @Test
  void aFullQueueDropsTheOldest() throws Exception {
    try (Batcher batcher =
        model.openBatcher(options().queueCapacity(2).overflow(Overflow.DROP_OLDEST).build())) {
      holdUp(batcher);
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        answers.add(batcher.submit(Request.of(image(i), "red")));
      }
      for (int i = 0; i < 3; i++) {
        assertInstanceOf(RejectedExecutionException.class, failure(answers.get(i)));
      }
      metrics.gate.countDown();
      assertSame(model.locate(image(3), "red"), answers.get(3).get(30, TimeUnit.SECONDS));
      assertSame(model.locate(image(4), "red"), answers.get(4).get(30, TimeUnit.SECONDS));
      assertEquals(Collections.nCopies(3, DropReason.REPLACED), metrics.dropped);
    }
  }

  @Test
  void aFullQueueMakesItsCallersWait() throws Exception {
    try (Batcher batcher = model.openBatcher(options().queueCapacity(1).build())) {
      holdUp(batcher);
      CompletableFuture<Location> second = batcher.submit(Request.of(image(1), "red"));
      List<CompletableFuture<Location>> answers = Collections.synchronizedList(new ArrayList<>());
      CountDownLatch submitted = new CountDownLatch(1);
      Thread waiting =
          new Thread(
              () -> {
                answers.add(batcher.submit(Request.of(image(2), "red")));
                submitted.countDown();
              });
      waiting.start();
      assertFalse(submitted.await(50, TimeUnit.MILLISECONDS));
      // An interrupt ends the waiting, and stays to be seen.
      List<Boolean> interrupted = Collections.synchronizedList(new ArrayList<>());
      List<CompletableFuture<Location>> ended = Collections.synchronizedList(new ArrayList<>());
      Thread interruptedThread =
          new Thread(
              () -> {
                ended.add(batcher.submit(Request.of(image(3), "red")));
                interrupted.add(Thread.currentThread().isInterrupted());
              });
      interruptedThread.start();
      interruptedThread.interrupt();
      interruptedThread.join();
      assertInstanceOf(InterruptedException.class, failure(ended.get(0)));
      assertEquals(List.of(true), interrupted);
      metrics.gate.countDown();
      waiting.join();
      second.get(30, TimeUnit.SECONDS);
      assertSame(model.locate(image(2), "red"), answers.get(0).get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void refusesOptionsThatMakeNoSense() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> BatcherOptions.builder().maxBatch(0),
            () -> BatcherOptions.builder().queueCapacity(0),
            () -> BatcherOptions.builder().maxDelay(Duration.ofMillis(-1)),
            () -> BatcherOptions.builder().textCache(0),
            () -> Batcher.open(List.of(), BatcherOptions.defaults()))) {
      ScanFormerException refused = assertThrows(ScanFormerException.class, wrong::run);
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("found"), refused.getMessage());
    }
  }
}
