package org.scanformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.scanformer.internal.cuda.CudaDevices;
import org.scanformer.reference.GoldenCase;

/** The CUDA backend on device 0; skipped where there is none. */
@Tag("gpu")
class CudaDeviceTest extends CudaTests {
  @Override
  void checkLower(GoldenCase golden, Schedule schedule, Precision precision, double tolerance) {
    super.checkLower(golden, schedule, precision, tolerance);
    GoldenRun.reportFlips(golden, BackendKind.CUDA, precision, schedule);
  }

  @BeforeEach
  void requireDevice() {
    DeviceReport report = CudaDevices.probe(0);
    assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
  }
}
