package org.scanformer;

import org.junit.jupiter.api.Tag;

/** The same on CUDA device 0; skipped where there is none. */
@Tag("gpu")
class CudaSessionDeadlineTest extends SessionDeadlineTest {
  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
