package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

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
}
