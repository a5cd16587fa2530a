package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.cuda.CudaDevices;

/**
 * The CUDA backend with its kernels emulated on the host: all of the engine's orchestration, its
 * tables and the cache's layout are those of a device.
 */
@Tag("emulation")
class EmulatedCudaTest extends CudaTests {
  @Test
  void runsOnTheEmulation() {
    List<String> details = CudaDevices.probe(0).details();
    assertTrue(details.contains("name=emulation on the host"), details.toString());
  }
}
