package org.scanformer;

import org.junit.jupiter.api.Tag;

/** The same on CUDA device 0; skipped where there is none. */
@Tag("gpu")
class CudaSessionAnswersTest extends SessionAnswersTest {
  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
