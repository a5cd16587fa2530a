package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.scanformer.DeviceReport;

/** {@link CudaSwitchGraphsTests} on device 0; skipped where there is none. */
@Tag("gpu")
class CudaSwitchGraphsTest extends CudaSwitchGraphsTests {
  @BeforeEach
  @Override
  void requireDevice() {
    DeviceReport report = CudaDevices.probe(0);
    assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
  }
}
