package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.Arguments;
import org.scanformer.internal.cuda.CudaDevices;

/**
 * The CUDA backend with its kernels emulated on the host: all of the engine's orchestration, its
 * tables and the cache's layout are those of a device.
 */
@Tag("emulation")
class EmulatedCudaTest extends CudaTests {
  /**
   * The schedules in turn: both run the same kernels, and every case in fp32. Each precision meets
   * each schedule, and each case each precision.
   */
  static Stream<Arguments> casesSchedulesAndPrecisions() throws Exception {
    List<Arguments> all = CudaTests.casesSchedulesAndPrecisions().toList();
    List<Arguments> some = new ArrayList<>();
    int precisions = 3;
    for (int i = 0; i < all.size(); i++) {
      int caseAndSchedule = i / precisions;
      if ((caseAndSchedule / 2 + caseAndSchedule + i % precisions) % 2 == 0) {
        some.add(all.get(i));
      }
    }
    return some.stream();
  }

  @Test
  void runsOnTheEmulation() {
    List<String> details = CudaDevices.probe(0).details();
    assertTrue(details.contains("name=emulation on the host"), details.toString());
  }
}
