package org.scanformer;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * Batchers with the CUDA kernels emulated on the host: those that run on a device too. What
 * callbacks may do is decided above the device.
 */
@Tag("emulation")
class EmulatedBatcherTest {
  @Nested
  class Answers extends BatcherAnswersTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Closing extends BatcherClosingTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Queue extends BatcherQueueTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }
}
