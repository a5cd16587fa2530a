package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** Metrics see each call that fails once, with the code that its caller sees. */
class FaultMetricsTest {
  @TempDir private Path directory;
  private final Image image = Image.of(RandomImages.structured(1, 50, 45));
  private final FaultyBackend faults = new FaultyBackend();
  private final List<ErrorCode> failures = new ArrayList<>();

  /** Every lost device is warned of. */
  private final SilencedLog silenced = new SilencedLog();

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

  private ScanFormer load(FaultyBackend backend) {
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void callFailed(ErrorCode code) {
            failures.add(code);
          }
        };
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CPU)
            .precision(Precision.FP32)
            .maxBatch(1)
            .metrics(metrics)
            .build();
    return ScanFormer.load(directory, options, backend::open);
  }

  private int operations(Runnable work) {
    faults.failAt(-1, null);
    work.run();
    return faults.count;
  }

  private void assertOneFailure(ErrorCode code, FaultyBackend backend, Runnable call) {
    failures.clear();
    ScanFormerException failure = assertThrows(ScanFormerException.class, call::run);
    assertEquals(code, failure.code());
    assertEquals(List.of(code), failures, "at " + backend.failed);
  }

  /** That what was enqueued cannot be waited for either is no second failure. */
  @Test
  void aLostDeviceIsToldOnce() {
    int operations;
    try (ScanFormer model = load(faults);
        Expression red = model.encode("red")) {
      operations = operations(() -> model.locate(image, red));
    }
    for (int operation = 0; operation < operations; operation += 5) {
      FaultyBackend own = new FaultyBackend();
      try (ScanFormer model = load(own);
          Expression red = model.encode("red")) {
        own.failAt(operation, ErrorCode.DEVICE_LOST);
        assertOneFailure(ErrorCode.DEVICE_LOST, own, () -> model.locate(image, red));
      }
    }
  }

  @Test
  void aTextWithoutMemoryIsTold() {
    try (ScanFormer model = load(faults)) {
      faults.failAt(0, ErrorCode.OUT_OF_MEMORY);
      assertOneFailure(ErrorCode.OUT_OF_MEMORY, faults, () -> model.encode("red"));
      assertEquals("allocate", faults.failed);
    }
  }

  @Test
  void anExhaustedHeapIsTold() {
    try (ScanFormer model = load(faults);
        Expression red = model.encode("red")) {
      List<Runnable> calls =
          List.of(() -> model.locate(image, red), () -> model.encode("blue").close());
      for (Runnable call : calls) {
        int operations = operations(call);
        int before = faults.allocated.size();
        assertTrue(operations > 1, operations + " operations");
        for (int operation = 0; operation < operations; operation++) {
          faults.failWith(operation, new OutOfMemoryError("injected"));
          assertOneFailure(ErrorCode.OUT_OF_MEMORY, faults, call);
          assertEquals("synchronize", faults.last, "what was enqueued is waited for");
          assertEquals(before, faults.allocated.size(), "arrays after operation " + operation);
        }
      }
    }
  }
}
