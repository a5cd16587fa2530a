package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.ObjectName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * The process's memory stays flat over calls and over models. Its Java heap has a fixed size that
 * is touched from the start (see this module's build file), so that what grows is native.
 */
@Tag("soak")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NativeMemoryTest {
  private static final int CALLS = 5_000;
  private static final int RELOADS = 150;

  /** The allocator's slack. So 315 bytes lost a call are seen, and 6 KiB lost a model. */
  private static final long TOLERATED = 2L << 20;

  private static final int SAMPLES = 6;

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

  /**
   * Bytes of the process that are in memory and not the virtual machine's own, without what
   * allocators hold in reserve. What its compilers take goes up and down by more than is looked for
   * here; it keeps account of that itself.
   */
  private static long resident() throws Exception {
    // Java's direct buffers are freed when the collector finds them, by a thread of its own.
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(100);
    }
    diagnose("systemTrimNativeHeap");
    Matcher own =
        Pattern.compile("Total: .*committed=(\\d+)KB")
            .matcher(diagnose("vmNativeMemory", "summary"));
    assertTrue(own.find(), "needs -XX:NativeMemoryTracking=summary");
    String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(pages[1]) * 4096 - Long.parseLong(own.group(1)) * 1024;
  }

  private static String diagnose(String command, String... arguments) throws Exception {
    boolean none = arguments.length == 0;
    return (String)
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                none ? null : new Object[] {arguments},
                none ? null : new String[] {String[].class.getName()});
  }

  /**
   * Runs half the steps unmeasured, then all of them with samples on the way. What is lost is there
   * in every later sample, so the least of the last two is compared with the least of the first.
   */
  private static void assertFlat(int steps, Runnable step) throws Exception {
    for (int i = 0; i < steps / 2; i++) {
      step.run();
    }
    long[] samples = new long[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
      for (int i = 0; i < steps / SAMPLES; i++) {
        step.run();
      }
      samples[s] = resident();
    }
    long grown =
        Math.min(samples[SAMPLES - 1], samples[SAMPLES - 2]) - Math.min(samples[0], samples[1]);
    System.out.println("memory: " + steps + " steps, " + (grown >> 10) + " KiB more");
    assertTrue(grown < TOLERATED, () -> grown + " bytes more: " + Arrays.toString(samples));
  }

  /** The first, as what other tests leave to be freed would hide what calls lose. */
  @Test
  @Order(1)
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
  @Order(3)
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
  @Order(2)
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
