package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.BatcherOptions.Overflow;
import org.scanformer.ScanFormerMetrics.DropReason;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** The queue in front of a model: what it answers, and how it fails. */
@Timeout(60)
class BatcherTest {
  private static final List<String> TEXTS = List.of("red", "the blue one", "left of the star");

  @TempDir private Path directory;
  private ScanFormer model;
  private final RecordingMetrics metrics = new RecordingMetrics();

  /** What a batcher told. */
  private static final class RecordingMetrics implements ScanFormerMetrics {
    private final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
    private final List<DropReason> dropped = Collections.synchronizedList(new ArrayList<>());
    private volatile int longestQueue;

    /** Holds the first batch up, so that what is submitted meanwhile waits. */
    private volatile CountDownLatch gate = new CountDownLatch(0);

    private final CountDownLatch atGate = new CountDownLatch(1);

    @Override
    public void queueLength(int requests) {
      longestQueue = Math.max(longestQueue, requests);
    }

    @Override
    public void batchFormed(int requests, long longestWaitNanos) {
      batches.add(requests);
      atGate.countDown();
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void requestDropped(DropReason reason) {
      dropped.add(reason);
    }
  }

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  @BeforeEach
  void open() throws Exception {
    RandomModel.tiny().seed(3).coarseGrid(2).scales(2).write(directory);
    model = load();
  }

  @AfterEach
  void close() {
    metrics.gate.countDown();
    if (model != null) {
      model.close();
    }
  }

  private ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(2)
            .build());
  }

  private static Image image(long seed) {
    return Image.of(RandomImages.structured(seed, 40 + (int) (seed % 3) * 10, 45));
  }

  private BatcherOptions.Builder options() {
    return BatcherOptions.builder().maxBatch(4).metrics(metrics);
  }

  /** Submits a request whose batch stays at the gate, until the gate is opened. */
  private CompletableFuture<Location> holdUp(Batcher batcher) throws InterruptedException {
    metrics.gate = new CountDownLatch(1);
    CompletableFuture<Location> first = batcher.submit(Request.of(image(0), "red"));
    assertTrue(metrics.atGate.await(30, TimeUnit.SECONDS));
    return first;
  }

  private static void assertSame(Location expected, Location found) {
    NormalizedBox a = expected.normalizedBox();
    NormalizedBox b = found.normalizedBox();
    assertTrue(a.intersectionOverUnion(b) > 0.999, a + " and " + b);
    assertEquals(
        expected.scales().stream().map(ScaleResult::mask).toList(),
        found.scales().stream().map(ScaleResult::mask).toList());
  }

  private static Throwable failure(CompletableFuture<Location> answer) {
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> answer.get(30, TimeUnit.SECONDS));
    return e.getCause();
  }

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
