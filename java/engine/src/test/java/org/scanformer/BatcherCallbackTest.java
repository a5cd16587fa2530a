package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What stages, metrics and an application's own classes do to a batcher: nothing. */
class BatcherCallbackTest extends BatcherFixture {
  @Test
  void metricsThatThrowErrorsEndNoBatcher() throws Exception {
    ScanFormerMetrics failing =
        new ScanFormerMetrics() {
          @Override
          public void batchFormed(int requests, long longestWaitNanos) {
            throw new AssertionError("batchFormed");
          }

          @Override
          public void queueLength(int requests, int change) {
            throw new StackOverflowError("queueLength");
          }

          @Override
          public void requestDropped(DropReason reason) {
            throw new LinkageError("requestDropped");
          }
        };
    try (Batcher batcher = model.openBatcher(BatcherOptions.builder().metrics(failing).build())) {
      assertThrows(
          Exception.class, batcher.submit(Request.of(image(0), "red"), System.nanoTime() - 1)::get);
      for (int i = 0; i < 3; i++) {
        batcher.submit(Request.of(image(i), "red")).get(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void anExpressionWhoseMethodsThrowErrorsFailsByItself() throws Exception {
    Expression hostile =
        new Expression() {
          private int calls;

          @Override
          public String text() {
            if (calls++ > 0) {
              throw new AssertionError("text");
            }
            return "red";
          }

          @Override
          public int tokens() {
            return 1;
          }

          @Override
          public void close() {}
        };
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> first = holdUp(batcher);
      CompletableFuture<Location> bad = batcher.submit(Request.of(image(1), hostile));
      CompletableFuture<Location> good = batcher.submit(Request.of(image(2), "red"));
      metrics.gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertInstanceOf(AssertionError.class, failure(bad));
      assertSame(model.locate(image(2), "red"), good.get(30, TimeUnit.SECONDS));
      batcher.submit(Request.of(image(3), "red")).get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void aStageMayCallTheModelButNotCloseIt() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> chained =
          holdUp(batcher)
              .thenApply(
                  found -> {
                    IllegalStateException refused =
                        assertThrows(IllegalStateException.class, model::close);
                    assertTrue(refused.getMessage().contains("stage"), refused.getMessage());
                    return model.locate(image(1), "red");
                  });
      // Fails before its batch runs, and its stage is run by the batcher while it forms the batch.
      Expression closed = model.encode("blue");
      closed.close();
      CompletableFuture<Object> failing =
          batcher
              .submit(Request.of(image(2), closed))
              .handle(
                  (found, failed) -> {
                    assertThrows(IllegalStateException.class, model::close);
                    return failed;
                  });
      CompletableFuture<Location> last = batcher.submit(Request.of(image(3), "red"));
      metrics.gate.countDown();
      assertSame(model.locate(image(1), "red"), chained.get(30, TimeUnit.SECONDS));
      assertInstanceOf(IllegalStateException.class, failing.get(30, TimeUnit.SECONDS));
      last.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void stagesOnTwoWorkersMayBothCloseTheBatcher() throws Exception {
    try (ScanFormer second = load()) {
      // Both stages are there before their requests are done, or else this thread would run one.
      metrics.gate = new CountDownLatch(1);
      Batcher batcher = Batcher.open(List.of(model, second), options().maxBatch(1).build());
      CountDownLatch both = new CountDownLatch(2);
      List<CompletableFuture<Void>> closings = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        closings.add(
            batcher
                .submit(Request.of(image(i), "red"))
                .thenAccept(
                    found -> {
                      both.countDown();
                      try {
                        both.await(5, TimeUnit.SECONDS);
                      } catch (InterruptedException e) {
                        throw new AssertionError(e);
                      }
                      batcher.close();
                    }));
      }
      metrics.gate.countDown();
      for (CompletableFuture<Void> closing : closings) {
        closing.get(30, TimeUnit.SECONDS);
      }
      batcher.close();
    }
  }

  /** What metrics are told of a queue. */
  enum Told {
    LENGTH,
    FORMED,
    REJECTED,
    REPLACED,
    EXPIRED,
    CANCELLED
  }

  /** Each tells once, when a queue of one is full. */
  @ParameterizedTest
  @EnumSource
  void metricsOfTheQueueMayNotCallAnything(Told told) throws Exception {
    List<Throwable> refused = Collections.synchronizedList(new ArrayList<>());
    Batcher[] opened = new Batcher[1];
    CountDownLatch gate = new CountDownLatch(1);
    ScanFormerMetrics calling =
        new ScanFormerMetrics() {
          private void call(Told what) {
            if (what == told && refused.isEmpty()) {
              for (Runnable action :
                  List.<Runnable>of(
                      () -> opened[0].submit(Request.of(image(1), "red")),
                      () -> opened[0].close(),
                      () -> model.locate(image(1), "red"),
                      () -> model.encode("red"),
                      () -> model.openSession(SessionOptions.defaults()),
                      () -> model.close())) {
                refused.add(assertThrows(IllegalStateException.class, action::run));
              }
            }
          }

          @Override
          public void queueLength(int requests, int change) {
            call(Told.LENGTH);
          }

          @Override
          public void batchFormed(int requests, long longestWaitNanos) {
            call(Told.FORMED);
            try {
              gate.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }

          @Override
          public void requestDropped(DropReason reason) {
            call(Told.valueOf(reason.name()));
          }
        };
    BatcherOptions.Overflow overflow =
        told == Told.REPLACED
            ? BatcherOptions.Overflow.DROP_OLDEST
            : BatcherOptions.Overflow.REJECT;
    try (Batcher batcher =
        model.openBatcher(
            BatcherOptions.builder()
                .metrics(calling)
                .maxBatch(1)
                .queueCapacity(1)
                .overflow(overflow)
                .build())) {
      opened[0] = batcher;
      CompletableFuture<Location> first = batcher.submit(Request.of(image(0), "red"));
      while (batcher.queueLength() > 0) {
        Thread.onSpinWait();
      }
      CompletableFuture<Location> waiting = batcher.submit(Request.of(image(1), "red"));
      if (told == Told.CANCELLED) {
        waiting.cancel(false);
      }
      long deadline = told == Told.EXPIRED ? System.nanoTime() - 1 : Long.MAX_VALUE;
      batcher.submit(Request.of(image(2), "red"), deadline);
      gate.countDown();
      first.get(30, TimeUnit.SECONDS);
      assertEquals(6, refused.size(), refused::toString);
    }
  }

  @Test
  void metricsOfACallMayNotCloseTheBatcher() throws Exception {
    List<Throwable> refused = Collections.synchronizedList(new ArrayList<>());
    Batcher[] opened = new Batcher[1];
    ScanFormerMetrics calling =
        new ScanFormerMetrics() {
          @Override
          public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
            refused.add(assertThrows(IllegalStateException.class, () -> opened[0].close()));
          }
        };
    try (ScanFormer own =
            ScanFormer.load(
                directory,
                ScanFormerOptions.builder().backend(backend()).metrics(calling).build());
        Batcher batcher = own.openBatcher(BatcherOptions.defaults())) {
      opened[0] = batcher;
      batcher.submit(Request.of(image(0), "red")).get(30, TimeUnit.SECONDS);
      batcher.submit(Request.of(image(1), "red")).get(30, TimeUnit.SECONDS);
      assertEquals(2, refused.size());
    }
  }
}
