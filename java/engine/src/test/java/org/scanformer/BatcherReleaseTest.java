package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.batching.QueuedAnswer;

/** A batcher tells when it holds nothing of a request any more. */
class BatcherReleaseTest extends BatcherFixture {
  private static CompletableFuture<Void> released(CompletableFuture<Location> answer) {
    return QueuedAnswer.of(answer).released().toCompletableFuture();
  }

  /** The second is taken together with the first, whose stage runs while the batch does. */
  @Test
  void aBatchHoldsItsRequestsUntilItsEnd() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> before = holdUp(batcher);
      CompletableFuture<Location> first = batcher.submit(Request.of(image(1), "red"));
      CompletableFuture<Location> second = batcher.submit(Request.of(image(2), "red"));
      List<Boolean> seen = new ArrayList<>();
      CompletableFuture<Void> looked =
          first.thenRun(
              () -> {
                second.cancel(false);
                seen.add(released(first).isDone());
                seen.add(released(second).isDone());
              });
      metrics.gate.countDown();
      looked.get(30, TimeUnit.SECONDS);
      assertEquals(List.of(false, false), seen);
      for (CompletableFuture<Location> answer : List.of(before, first, second)) {
        released(answer).get(30, TimeUnit.SECONDS);
      }
      assertEquals(List.of(1, 2), metrics.batches);
    }
  }

  @Test
  void aRequestThatIsNotRunIsLetGo() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> wrong = batcher.submit(Request.of(image(0), " "));
      CompletableFuture<Location> past =
          batcher.submit(Request.of(image(0), "red"), System.nanoTime() - 1);
      assertTrue(released(past).isDone());
      released(wrong).get(30, TimeUnit.SECONDS);
    }
  }

  /** What waits behind a batch that runs is let go when nobody waits for it, and not run. */
  @Test
  void whatIsCancelledWhileOthersRunIsLetGoAtOnce() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      holdUp(batcher);
      CompletableFuture<Location> answer = batcher.submit(Request.of(image(1), "red"));
      assertFalse(released(answer).isDone());
      answer.cancel(false);
      final boolean isReleased = released(answer).isDone();
      metrics.gate.countDown();
      assertTrue(isReleased);
    }
  }
}
