package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ScanFormerMetrics.DropReason;
import org.scanformer.internal.cuda.CudaDevices;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** A small model, and metrics that can hold a batch up, for the tests of batchers. */
@Timeout(60)
abstract class BatcherFixture {
  static final List<String> TEXTS = List.of("red", "the blue one", "left of the star");

  @TempDir Path directory;
  ScanFormer model;
  final RecordingMetrics metrics = new RecordingMetrics();

  /** What a batcher reported. */
  static final class RecordingMetrics implements ScanFormerMetrics {
    final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
    final List<DropReason> dropped = Collections.synchronizedList(new ArrayList<>());
    volatile int longestQueue;

    /** Holds the first batch up, so that what is submitted meanwhile waits. */
    volatile CountDownLatch gate = new CountDownLatch(0);

    final CountDownLatch atGate = new CountDownLatch(1);

    @Override
    public void queueLength(int requests, int change) {
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
    if (backend() == BackendKind.CUDA) {
      DeviceReport report = CudaDevices.probe(0);
      assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
    }
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

  ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(2)
            .build());
  }

  static Image image(long seed) {
    return Image.of(RandomImages.structured(seed, 40 + (int) (seed % 3) * 10, 45));
  }

  BatcherOptions.Builder options() {
    return BatcherOptions.builder().maxBatch(4).metrics(metrics);
  }

  /** Submits a request whose batch stays at the gate, until the gate is opened. */
  CompletableFuture<Location> holdUp(Batcher batcher) throws InterruptedException {
    metrics.gate = new CountDownLatch(1);
    CompletableFuture<Location> first = batcher.submit(Request.of(image(0), "red"));
    assertTrue(metrics.atGate.await(30, TimeUnit.SECONDS));
    return first;
  }

  static void assertSame(Location expected, Location found) {
    NormalizedBox a = expected.normalizedBox();
    NormalizedBox b = found.normalizedBox();
    assertTrue(a.intersectionOverUnion(b) > 0.999, a + " and " + b);
    assertEquals(
        expected.scales().stream().map(ScaleResult::mask).toList(),
        found.scales().stream().map(ScaleResult::mask).toList());
  }

  static Throwable failure(CompletableFuture<Location> answer) {
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> answer.get(30, TimeUnit.SECONDS));
    return e.getCause();
  }
}
