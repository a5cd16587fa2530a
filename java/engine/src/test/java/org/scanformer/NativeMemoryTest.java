package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.management.ObjectName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * The process's memory stays flat over calls and over models. Its Java heap has a fixed size that
 * is touched from the start (see this module's build file), so that what grows is native.
 */
@Tag("soak")
class NativeMemoryTest {
  private static final int CALLS = 10_000;
  private static final int RELOADS = 500;

  /**
   * What compiled code and the allocator's slack may take: they grow in steps of some MiB. So 1.7
   * KiB lost a call is seen, and 33 KiB lost a model.
   */
  private static final long TOLERATED = 16L << 20;

  @TempDir private Path directory;

  @BeforeEach
  void write() throws Exception {
    RandomModel.tiny().seed(3).hiddenSize(32).coarseGrid(2).scales(2).write(directory);
  }

  private static ScanFormerOptions options() {
    return ScanFormerOptions.builder().backend(BackendKind.CPU).threads(1).maxBatch(1).build();
  }

  private static Image image() {
    return Image.of(RandomImages.structured(1, 60, 45));
  }

  /** Bytes of the process that are in memory, without what its allocators hold in reserve. */
  private static long resident() throws Exception {
    // Java's direct buffers are freed when the collector finds them, by a thread of its own.
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(100);
    }
    ManagementFactory.getPlatformMBeanServer()
        .invoke(
            new ObjectName("com.sun.management:type=DiagnosticCommand"),
            "systemTrimNativeHeap",
            null,
            null);
    String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(pages[1]) * 4096;
  }

  /**
   * Runs half the steps unmeasured, then all of them, and compares the memory before and behind
   * those.
   */
  private static void assertFlat(int steps, Runnable step) throws Exception {
    for (int i = 0; i < steps / 2; i++) {
      step.run();
    }
    long before = resident();
    for (int i = 0; i < steps; i++) {
      step.run();
    }
    long grown = resident() - before;
    System.out.println("memory: " + steps + " steps, " + (grown >> 10) + " KiB more");
    assertTrue(grown < TOLERATED, grown + " bytes more after " + steps + " steps");
  }

  @Test
  void calls() throws Exception {
    Image image = image();
    try (ScanFormer model = ScanFormer.load(directory, options());
        Session session = model.openSession(SessionOptions.builder().threads(1).build());
        Expression red = model.encode("red")) {
      SessionResult result = session.newResult();
      assertFlat(CALLS, () -> session.locate(image, red, result));
      List<Request> requests = List.of(Request.of(image, "the blue one"));
      assertFlat(CALLS, () -> model.locate(requests));
    }
  }

  @Test
  void models() throws Exception {
    Image image = image();
    assertFlat(
        RELOADS,
        () -> {
          try (ScanFormer model = ScanFormer.load(directory, options());
              Session session = model.openSession(SessionOptions.builder().threads(1).build())) {
            session.locate(image, "red", LocateOptions.defaults(), session.newResult());
            model.locate(image, "the blue one");
          }
        });
  }

  @Test
  void sessionsAndBatchers() throws Exception {
    Image image = image();
    try (ScanFormer model = ScanFormer.load(directory, options())) {
      BatcherOptions batching = BatcherOptions.builder().threads(1).maxBatch(2).build();
      assertFlat(
          RELOADS,
          () -> {
            try (Batcher batcher = model.openBatcher(batching);
                Session session = model.openSession(SessionOptions.defaults())) {
              batcher.submit(Request.of(image, "red")).join();
              session.locate(image, "red", LocateOptions.defaults(), session.newResult());
            }
          });
    }
  }
}
