package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.batching.BatchQueue;
import org.scanformer.internal.batching.BatchWorker;
import org.scanformer.internal.batching.QueueClock;
import org.scanformer.internal.batching.WorkerEndedException;

/** How a batcher ends. */
class BatcherClosingTest extends BatcherFixture {
  @Test
  void closingAnswersWhatWaitsAndRefusesTheRest() throws Exception {
    Batcher batcher = model.openBatcher(options().build());
    holdUp(batcher);
    List<CompletableFuture<Location>> answers = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      answers.add(batcher.submit(Request.of(image(i), "red")));
    }
    Thread closer = new Thread(batcher::close);
    closer.start();
    closer.interrupt();
    while (true) {
      try {
        answers.add(batcher.submit(Request.of(image(0), "red")));
      } catch (IllegalStateException closed) {
        break;
      }
    }
    assertTrue(closer.isAlive());
    metrics.gate.countDown();
    closer.join();
    for (CompletableFuture<Location> answer : answers) {
      assertTrue(answer.isDone() && !answer.isCompletedExceptionally());
    }
    batcher.close();
    assertThrows(IllegalStateException.class, () -> batcher.submit(Request.of(image(0), "red")));
    // The model is as it was.
    model.locate(image(0), "red");
  }

  @Test
  void aStageMaySubmitAndClose() throws Exception {
    Batcher batcher = model.openBatcher(options().queueCapacity(1).build());
    CompletableFuture<Location> chained =
        holdUp(batcher)
            .thenCompose(
                found -> {
                  // The queue is full: the batcher's thread cannot wait for itself.
                  CompletableFuture<Location> more = batcher.submit(Request.of(image(2), "red"));
                  batcher.close();
                  return more;
                });
    CompletableFuture<Location> second = batcher.submit(Request.of(image(1), "red"));
    metrics.gate.countDown();
    assertInstanceOf(RejectedExecutionException.class, failure(chained));
    second.get(30, TimeUnit.SECONDS);
    batcher.close();
  }

  @Test
  void closingTheModelEndsTheBatcher() throws Exception {
    Batcher batcher = model.openBatcher(options().build());
    CompletableFuture<Location> running = holdUp(batcher);
    CompletableFuture<Location> waiting = batcher.submit(Request.of(image(1), "red"));
    Thread closer = new Thread(model::close);
    closer.start();
    while (closer.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    metrics.gate.countDown();
    closer.join();
    assertTrue(running.isDone());
    assertInstanceOf(IllegalStateException.class, failure(waiting));
    assertThrows(IllegalStateException.class, () -> batcher.submit(Request.of(image(0), "red")));
    batcher.close();
  }

  /** A call of a model in a session, which goes on until it is let go. */
  private final class HeldCall {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final Thread thread;

    HeldCall(ScanFormer of) throws InterruptedException {
      Session session = of.openSession(SessionOptions.defaults());
      LocateOptions held =
          LocateOptions.builder()
              .listener(
                  soFar -> {
                    begun.countDown();
                    await(letGo);
                  })
              .build();
      thread =
          new Thread(() -> session.locate(image(0), of.encode("red"), held, session.newResult()));
      thread.start();
      begun.await();
    }

    private void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void end() throws InterruptedException {
      letGo.countDown();
      thread.join();
    }
  }

  private static Thread closer(ScanFormer of) throws InterruptedException {
    Thread closer = new Thread(of::close);
    closer.start();
    while (closer.getState() != Thread.State.WAITING
        && closer.getState() != Thread.State.TERMINATED) {
      Thread.sleep(1);
    }
    return closer;
  }

  /** Who closes a model may then free the pixels that its calls read. */
  @Test
  void everyCloserWaitsForTheRunningCall() throws Exception {
    HeldCall call = new HeldCall(model);
    Thread first = closer(model);
    Thread second = closer(model);
    assertTrue(first.isAlive() && second.isAlive());
    call.end();
    first.join();
    second.join();
  }

  @Test
  void theOtherModelsAnswerWhatOneThatIsClosedHasTaken() throws Exception {
    try (ScanFormer other = load()) {
      HeldCall call = new HeldCall(other);
      try (Batcher batcher = Batcher.open(List.of(other, model), options().build())) {
        Thread closer = closer(other);
        for (int i = 0; i < 40; i++) {
          // Texts that no worker has encoded yet.
          batcher.submit(Request.of(image(1), "red " + i)).get(30, TimeUnit.SECONDS);
        }
        call.end();
        closer.join();
      }
    }
  }

  /** What nobody expects is told apart from a request's own failure. */
  @Test
  void aWorkerThatEndsUnexpectedlyFailsWhatWaits() throws Exception {
    QueueClock clock =
        new QueueClock() {
          @Override
          public long nanoTime() {
            if (BatchWorker.isWorkerThread()) {
              throw new IllegalArgumentException("the clock");
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
    BatchQueue queue = new BatchQueue(options().build(), ScanFormerMetrics.NONE, clock, 1);
    CompletableFuture<Location> waits = queue.submit(Request.of(image(0), "red"), true);
    BatchWorker worker = new BatchWorker(queue, options().build(), model.engine(), 0);
    worker.start();
    assertInstanceOf(WorkerEndedException.class, failure(waits));
    worker.join();
  }
}
