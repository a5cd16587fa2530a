package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * A failure at every operation of the device in turn: the call says so by its code, and what is not
 * lost works as before.
 */
class FaultInjectionTest {
  @TempDir private Path directory;
  final Image image = Image.of(RandomImages.structured(1, 50, 45));
  final FaultyBackend faults = new FaultyBackend();

  /** Every lost device is warned of. */
  private final SilencedLog silenced = new SilencedLog();

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  @BeforeEach
  void write() throws Exception {
    RandomModel.tiny()
        .seed(3)
        .hiddenSize(16)
        .intermediateSize(32)
        .layers(2)
        .encoder1Layers(1)
        .coarseGrid(1)
        .scales(2)
        .write(directory);
  }

  @AfterEach
  void logAsEver() {
    silenced.close();
  }

  /** From an operation that fails to the next that does. */
  int stride() {
    return 1;
  }

  ScanFormer load() {
    return load(faults);
  }

  private ScanFormer load(FaultyBackend backend) {
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(2)
            .build();
    return ScanFormer.load(directory, options, backend::open);
  }

  /** The operations of some work when nothing fails. */
  int operations(Runnable work) {
    faults.failAt(-1, null);
    work.run();
    return faults.count;
  }

  void assertFails(ErrorCode code, Runnable work) {
    ScanFormerException failure =
        assertThrows(ScanFormerException.class, work::run, "operation " + faults.count);
    assertEquals(code, failure.code());
    assertTrue(failure.getMessage().endsWith("injected"), failure.getMessage());
  }

  /** Failures that end no device. */
  static Stream<ErrorCode> codes() {
    return Stream.of(ErrorCode.DEVICE_ERROR, ErrorCode.OUT_OF_MEMORY);
  }

  @ParameterizedTest
  @MethodSource("codes")
  void aCallThatFailsLeavesTheEngineAsItWas(ErrorCode code) {
    Set<String> hit = new TreeSet<>();
    try (ScanFormer model = load();
        Expression red = model.encode("red");
        Session session = model.openSession(SessionOptions.builder().maxBatch(2).build())) {
      SessionResult first = session.newResult();
      SessionResult second = session.newResult();
      for (Schedule schedule : Schedule.values()) {
        LocateOptions options =
            LocateOptions.builder().schedule(schedule).selection(SelectionPolicy.topK(2)).build();
        Runnable locate =
            () ->
                session.locate(
                    List.of(image, image),
                    List.of(red, red),
                    options,
                    Long.MAX_VALUE,
                    List.of(first, second));
        for (int i = 0; i < 3; i++) {
          locate.run();
        }
        NormalizedBox expected = first.normalizedBox();
        int operations = operations(locate);
        for (int operation = 0; operation < operations; operation += stride()) {
          faults.failAt(operation, code);
          assertFails(code, locate);
          hit.add(faults.failed);
          assertEquals("synchronize", faults.last, "what was enqueued is waited for");
          faults.failAt(-1, null);
          locate.run();
          assertEquals(expected, first.normalizedBox(), "after operation " + operation);
          assertEquals(expected, second.normalizedBox());
        }
      }
      // The model's own calls, with texts that are encoded in them.
      Runnable locate =
          () -> model.locate(List.of(Request.of(image, "red"), Request.of(image, red)));
      Location expected = model.locate(image, "red");
      int operations = operations(locate);
      for (int operation = 0; operation < operations; operation += stride()) {
        faults.failAt(operation, code);
        assertFails(code, locate);
        hit.add(faults.failed);
        faults.failAt(-1, null);
        assertEquals(expected.normalizedBox(), model.locate(image, "red").normalizedBox());
      }
    }
    assertTrue(
        hit.containsAll(
            Set.of(
                "buildPyramids",
                "compactPatches",
                "gatherPatches",
                "selectPatches",
                "embedText",
                "embedPatches",
                "linear",
                "residualLayerNorm",
                // A GPU appends what it multiplies.
                backend() == BackendKind.CUDA ? "linearAppendKv" : "appendKv",
                "attention",
                "synchronize",
                "toDevice",
                "toHost")),
        hit.toString());
    assertEquals(0, faults.open);
  }

  @Test
  void aLostDeviceEndsAllThatUsesItAndNothingElse() {
    int operations;
    try (ScanFormer model = load();
        Expression red = model.encode("red")) {
      model.locate(image, red);
      operations = operations(() -> model.locate(image, red));
    }
    for (int operation = 0; operation < operations; operation += stride()) {
      FaultyBackend own = new FaultyBackend();
      ScanFormer model =
          ScanFormer.load(
              directory,
              ScanFormerOptions.builder()
                  .backend(backend())
                  .precision(Precision.FP32)
                  .maxBatch(1)
                  .build(),
              own::open);
      Expression red = model.encode("red");
      Session session = model.openSession(SessionOptions.defaults());
      model.locate(image, red);
      own.failAt(operation, ErrorCode.DEVICE_LOST);
      assertLost(() -> model.locate(image, red), "injected");
      assertLost(() -> model.locate(image, red), "start the process again");
      assertLost(() -> model.encode("blue"), "start the process again");
      assertLost(() -> session.locate(image, red, session.newResult()), "start the process again");
      red.close();
      session.close();
      model.close();
      assertThrows(IllegalStateException.class, () -> model.locate(image, "red"));
      assertEquals(0, own.open);
    }
  }

  /** A text that is given up frees its memory: that this fails too hides nothing. */
  @Test
  void anEncodingThatLosesTheDeviceSaysWhy() {
    int operations;
    try (ScanFormer model = load()) {
      operations = operations(() -> model.encode("red").close());
    }
    for (int operation : new int[] {0, operations / 2, operations - 1}) {
      FaultyBackend own = new FaultyBackend();
      try (ScanFormer model = load(own)) {
        own.failAt(operation, ErrorCode.DEVICE_LOST);
        assertLost(() -> model.encode("red"), "injected");
      }
      assertEquals(0, own.open);
    }
  }

  private static void assertLost(Runnable call, String message) {
    ScanFormerException failure = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.DEVICE_LOST, failure.code());
    assertTrue(failure.getMessage().contains(message), failure.getMessage());
  }

  @Test
  void loadingOpeningAndEncodingGiveBackWhatTheyTook() {
    int loading = operations(() -> load().close());
    assertEquals(0, faults.open);
    for (int operation = 0; operation < loading; operation += stride()) {
      faults.failAt(operation, ErrorCode.OUT_OF_MEMORY);
      ScanFormerException failure = assertThrows(ScanFormerException.class, this::load);
      assertEquals(ErrorCode.OUT_OF_MEMORY, failure.code());
      assertEquals(0, faults.open, "backends left open after operation " + operation);
    }
    faults.failAt(-1, null);
    faults.allocated.clear();
    try (ScanFormer model = load()) {
      SessionOptions options = SessionOptions.builder().frameSize(50, 45).build();
      int opening = operations(() -> model.openSession(options).close());
      for (int operation = 0; operation < opening; operation += stride()) {
        faults.failAt(operation, ErrorCode.OUT_OF_MEMORY);
        assertThrows(ScanFormerException.class, () -> model.openSession(options));
        assertEquals(1, faults.open, "backends left open after operation " + operation);
      }
      model.encode("red").close();
      int encoding = operations(() -> model.encode("red").close());
      int before = faults.allocated.size();
      for (int operation = 0; operation < encoding; operation += stride()) {
        faults.failAt(operation, ErrorCode.DEVICE_ERROR);
        assertThrows(ScanFormerException.class, () -> model.encode("red"));
        assertEquals(before, faults.allocated.size(), "arrays after operation " + operation);
      }
      faults.failAt(-1, null);
      model.locate(image, "red");
    }
  }

  /** Memory that is not there is refused by numbers, before any of it is taken. */
  @Test
  void whatDoesNotFitIsRefusedAtOnce() {
    try (ScanFormer model = load()) {
      SessionOptions options = SessionOptions.builder().maxBatch(2).build();
      long needed = model.sessionBytes(options);
      faults.available = needed - 1;
      int before = faults.allocated.size();
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> model.openSession(options));
      assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code());
      assertTrue(
          refused
              .getMessage()
              .contains("needs " + needed + " bytes, " + (needed - 1) + " are available"),
          refused.getMessage());
      assertThrows(ScanFormerException.class, this::load);
      assertThrows(
          ScanFormerException.class,
          () -> model.openBatcher(BatcherOptions.builder().maxBatch(2).build()));
      assertEquals(before, faults.allocated.size());
      assertEquals(1, faults.open);
      faults.available = needed;
      model.openSession(options).close();
    }
  }

  @Test
  void aBatcherTriesOnceMoreOneByOne() throws Exception {
    try (ScanFormer model = load();
        Batcher batcher = model.openBatcher(BatcherOptions.builder().maxBatch(2).build())) {
      Location expected = model.locate(image, "red");
      submit(batcher).get(30, TimeUnit.SECONDS);
      int operations = operations(() -> submit(batcher).join());
      for (int operation = 0; operation < operations; operation += stride()) {
        faults.failAt(operation, ErrorCode.DEVICE_ERROR);
        // Alone it fails, and says so; what comes after it does not.
        CompletableFuture<Location> answer = submit(batcher);
        ExecutionException failure =
            assertThrows(ExecutionException.class, () -> answer.get(30, TimeUnit.SECONDS));
        assertEquals(ErrorCode.DEVICE_ERROR, ((ScanFormerException) failure.getCause()).code());
        assertEquals(
            expected.normalizedBox(), submit(batcher).get(30, TimeUnit.SECONDS).normalizedBox());
      }
    }
  }

  @Test
  void aBatchThatFailsIsAnsweredOneByOne() throws Exception {
    BatcherOptions pairs =
        BatcherOptions.builder().maxBatch(2).maxDelay(Duration.ofSeconds(30)).build();
    try (ScanFormer model = load();
        Batcher batcher = model.openBatcher(pairs)) {
      NormalizedBox expected = model.locate(image, "red").normalizedBox();
      final int before = faults.allocated.size();
      Expression red = model.encode("red");
      Supplier<List<CompletableFuture<Location>>> pair =
          () ->
              List.of(
                  batcher.submit(Request.of(image, red)), batcher.submit(Request.of(image, red)));
      int operations = operations(() -> pair.get().forEach(CompletableFuture::join));
      // What follows a failure is the same whichever of them it was.
      for (int operation = 0; operation < operations; operation += 3) {
        faults.failAt(operation, ErrorCode.DEVICE_ERROR);
        for (CompletableFuture<Location> answer : pair.get()) {
          assertEquals(expected, answer.get(30, TimeUnit.SECONDS).normalizedBox());
        }
      }
      red.close();
      assertEquals(before, faults.allocated.size(), "the batcher has let go of the expression");
    }
  }

  @Test
  void anAnsweredRequestHoldsNothing() throws Exception {
    BatcherOptions pairs =
        BatcherOptions.builder().maxBatch(2).maxDelay(Duration.ofSeconds(30)).build();
    try (ScanFormer model = load();
        Batcher batcher = model.openBatcher(pairs)) {
      final int before = faults.allocated.size();
      Expression red = model.encode("red");
      // The stage is there before the batch is full, so it runs in the very moment of the answer.
      CompletableFuture<Integer> left =
          batcher
              .submit(Request.of(image, red))
              .thenApply(
                  found -> {
                    red.close();
                    return faults.allocated.size();
                  });
      batcher.submit(Request.of(image, red));
      assertEquals(before, left.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void aFailedCallLeavesTheEngineToOtherThreads() throws Exception {
    try (ScanFormer model = load()) {
      faults.failAt(2, ErrorCode.DEVICE_ERROR);
      assertFails(ErrorCode.DEVICE_ERROR, () -> model.locate(image, "red"));
      CompletableFuture.supplyAsync(() -> model.locate(image, "red")).get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void aBatcherGoesOnWithTheDevicesThatAreLeft() throws Exception {
    FaultyBackend healthy = new FaultyBackend();
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(backend()).precision(Precision.FP32).build();
    try (ScanFormer first = ScanFormer.load(directory, options, faults::open);
        ScanFormer second = ScanFormer.load(directory, options, healthy::open);
        Batcher batcher =
            Batcher.open(List.of(first, second), BatcherOptions.builder().maxBatch(1).build())) {
      NormalizedBox expected = second.locate(image, "red").normalizedBox();
      faults.failAt(3, ErrorCode.DEVICE_LOST);
      while (faults.failed == null) {
        assertEquals(expected, submit(batcher).get(30, TimeUnit.SECONDS).normalizedBox());
      }
      for (int i = 0; i < 5; i++) {
        assertEquals(expected, submit(batcher).get(30, TimeUnit.SECONDS).normalizedBox());
      }
      healthy.failAt(0, ErrorCode.DEVICE_LOST);
      ExecutionException lost =
          assertThrows(ExecutionException.class, () -> submit(batcher).get(30, TimeUnit.SECONDS));
      assertEquals(ErrorCode.DEVICE_LOST, ((ScanFormerException) lost.getCause()).code());
      ScanFormerException refused = assertThrows(ScanFormerException.class, () -> submit(batcher));
      assertEquals(ErrorCode.DEVICE_LOST, refused.code());
    }
    assertEquals(0, faults.open);
  }

  private CompletableFuture<Location> submit(Batcher batcher) {
    return batcher.submit(Request.of(image, "red"));
  }
}
