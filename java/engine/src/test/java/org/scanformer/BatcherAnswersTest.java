package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A batcher answers as its models do, in batches. */
class BatcherAnswersTest extends BatcherFixture {
  @Test
  void answersAsTheModelDoes() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build());
        Expression expression = model.encode("the blue one")) {
      List<Request> requests = new ArrayList<>();
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        Request request =
            i % 4 == 0
                ? Request.of(image(i), expression)
                : Request.of(image(i), TEXTS.get(i % 3)).withSelection(SelectionPolicy.topK(i));
        requests.add(request);
        answers.add(batcher.submit(request));
      }
      for (int i = 0; i < 30; i++) {
        assertSame(model.locate(requests.get(i)), answers.get(i).get(30, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void whatWaitsGoesTogether() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> first = holdUp(batcher);
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(batcher.submit(Request.of(image(i), "red")));
      }
      assertEquals(6, batcher.queueLength());
      metrics.gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      for (CompletableFuture<Location> answer : answers) {
        answer.get(30, TimeUnit.SECONDS);
      }
      assertEquals(List.of(1, 4, 2), metrics.batches);
      assertEquals(6, metrics.longestQueue);
    }
  }

  @Test
  void aRequestWaitsForOthersUntilTheDelayOrTheBatchIsFull() throws Exception {
    try (Batcher batcher = model.openBatcher(options().maxDelay(Duration.ofMinutes(10)).build())) {
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        answers.add(batcher.submit(Request.of(image(i), "red")));
      }
      for (CompletableFuture<Location> answer : answers) {
        answer.get(30, TimeUnit.SECONDS);
      }
      assertEquals(List.of(4), metrics.batches);
      // Closing does not wait for more.
      answers.add(batcher.submit(Request.of(image(5), "red")));
    }
    assertEquals(List.of(4, 1), metrics.batches);
    try (Batcher batcher = model.openBatcher(options().maxDelay(Duration.ofMillis(30)).build())) {
      long start = System.nanoTime();
      batcher.submit(Request.of(image(0), "red")).get(30, TimeUnit.SECONDS);
      assertTrue(System.nanoTime() - start >= 30_000_000);
    }
  }

  @Test
  void aRequestThatFailsFailsAlone() throws Exception {
    ScanFormer other = load();
    try (Batcher batcher = model.openBatcher(options().maxBatch(8).build())) {
      Expression closed = model.encode("red");
      closed.close();
      CompletableFuture<Location> first = holdUp(batcher);
      CompletableFuture<Location> good = batcher.submit(Request.of(image(1), "red"));
      CompletableFuture<Location> blank = batcher.submit(Request.of(image(1), " "));
      CompletableFuture<Location> masks =
          batcher.submit(
              Request.of(image(1), "red")
                  .withSelection(SelectionPolicy.masks(List.of(PatchMask.all(9, 9)))));
      CompletableFuture<Location> gone = batcher.submit(Request.of(image(1), closed));
      // An expression of another model is encoded again, by its text.
      CompletableFuture<Location> foreign =
          batcher.submit(Request.of(image(2), other.encode("the blue one")));
      metrics.gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertSame(model.locate(image(1), "red"), good.get(30, TimeUnit.SECONDS));
      assertSame(model.locate(image(2), "the blue one"), foreign.get(30, TimeUnit.SECONDS));
      assertEquals(
          ErrorCode.BAD_INPUT, assertInstanceOf(ScanFormerException.class, failure(blank)).code());
      assertEquals(
          ErrorCode.BAD_INPUT, assertInstanceOf(ScanFormerException.class, failure(masks)).code());
      assertInstanceOf(IllegalStateException.class, failure(gone));
      assertEquals(List.of(1, 5), metrics.batches);
    } finally {
      other.close();
    }
  }

  @Test
  void severalModelsShareAQueue() throws Exception {
    ScanFormer second = load();
    try (Batcher batcher =
        Batcher.open(List.of(model, second), options().maxBatch(1).threads(1).build())) {
      CompletableFuture<Location> held = holdUp(batcher);
      // While one waits at the gate the other does too, with its first; then both go on.
      List<CompletableFuture<Location>> answers = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        answers.add(batcher.submit(Request.of(image(i), TEXTS.get(i % 3))));
      }
      while (metrics.batches.size() < 2) {
        Thread.sleep(1);
      }
      assertEquals(9, batcher.queueLength());
      metrics.gate.countDown();
      held.get(30, TimeUnit.SECONDS);
      for (int i = 0; i < 10; i++) {
        assertSame(
            model.locate(image(i), TEXTS.get(i % 3)), answers.get(i).get(30, TimeUnit.SECONDS));
      }
      second.close();
      assertSame(
          model.locate(image(0), "red"),
          batcher.submit(Request.of(image(0), "red")).get(30, TimeUnit.SECONDS));
    } finally {
      second.close();
    }
  }
}
