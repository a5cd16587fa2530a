package org.scanformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Tag;
import org.scanformer.internal.cuda.CudaDevices;

/** {@link CudaOneGraphTests} on device 0; skipped where there is none. */
@Tag("gpu")
class CudaOneGraphTest extends CudaOneGraphTests {
  @Override
  void requireDevice() {
    DeviceReport report = CudaDevices.probe(0);
    assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
  }
}
