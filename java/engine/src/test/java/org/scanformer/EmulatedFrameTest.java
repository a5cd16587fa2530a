package org.scanformer;

import org.junit.jupiter.api.Tag;

/** Frames with the CUDA kernels emulated on the host. */
@Tag("emulation")
class EmulatedFrameTest extends FrameTest {
  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
