package org.scanformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.scanformer.internal.cuda.CudaDevices;

/** Candidates on CUDA device 0; skipped where there is none. */
@Tag("gpu")
class CudaCandidatesTest extends CandidatesTest {
  @BeforeEach
  void requireDevice() {
    DeviceReport report = CudaDevices.probe(0);
    assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
  }

  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
