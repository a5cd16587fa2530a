package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.engine.Backends;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * After a warm-up no call records or reserves anything, with the CUDA kernels emulated on the host.
 */
@Tag("emulation")
class EmulatedWarmUpTest {
  /**
   * Patches to select of the finest 36: around the sizes that rows are rounded up to, and others.
   */
  private static final int[] SELECTED = {0, 7, 15, 16, 31, 33};

  /** What changes the memory of a device. */
  private static final List<String> RESERVING = List.of("allocate", "allocateHostDevice", "free");

  @TempDir private Path directory;

  /** Shapes that were not replayed, and operations that reserve memory. */
  private final TreeSet<String> unexpected = new TreeSet<>();

  private Backend open(ScanFormerOptions options) {
    Backend real = Backends.open(options);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) -> {
              if (RESERVING.contains(method.getName())) {
                unexpected.add(method.getName());
              }
              try {
                Object result = method.invoke(real, arguments);
                if (method.getName().equals("replay") && Boolean.FALSE.equals(result)) {
                  unexpected.add(((LaunchShape) arguments[0]).toString());
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void aWarmSessionRecordsNothingMore() throws Exception {
    RandomModel.tiny()
        .seed(3)
        .hiddenSize(16)
        .intermediateSize(32)
        .layers(2)
        .encoder1Layers(1)
        .coarseGrid(3)
        .scales(2)
        .write(directory);
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CUDA)
            .precision(Precision.FP32)
            .maxBatch(1)
            .build();
    Image image = Image.of(RandomImages.structured(1, 64, 64));
    try (ScanFormer model = ScanFormer.load(directory, options, this::open);
        Expression expression = model.encode("the red one");
        Session session = model.openSession(SessionOptions.builder().frameSize(64, 64).build())) {
      LocateOptions.Builder calls = LocateOptions.builder();
      SessionResult result = session.newResult();
      session.locate(image, expression, calls.build(), result);
      NormalizedBox cold = result.normalizedBox();
      assertTrue(!unexpected.isEmpty(), "a first call runs as it is");
      session.warmUp();
      unexpected.clear();
      for (int best : SELECTED) {
        for (Schedule schedule : Schedule.values()) {
          LocateOptions some =
              calls.schedule(schedule).selection(SelectionPolicy.topK(best)).build();
          session.locate(image, expression, some, result);
          assertEquals(best, result.selected(1));
          assertEquals(List.of(), List.copyOf(unexpected), best + " patches, " + schedule);
        }
      }
      session.locate(image, expression, LocateOptions.defaults(), result);
      assertEquals(cold, result.normalizedBox());
    }
  }
}
