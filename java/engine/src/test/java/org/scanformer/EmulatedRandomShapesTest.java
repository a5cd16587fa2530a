package org.scanformer;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;

/** Random models, images and batches on the CUDA backend with its kernels emulated on the host. */
@Tag("emulation")
class EmulatedRandomShapesTest extends RandomShapesTest {
  /** Fewer: the emulation runs a thread of the device after the other. */
  static IntStream seeds() {
    Integer more = Integer.getInteger("scanformer.seed");
    return more == null ? IntStream.range(0, 4) : IntStream.of(0, 1, 2, 3, more);
  }

  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
