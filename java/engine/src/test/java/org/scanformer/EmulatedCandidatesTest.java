package org.scanformer;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;

/** Candidates on the CUDA backend with its kernels emulated on the host. */
@Tag("emulation")
class EmulatedCandidatesTest extends CandidatesTest {
  /** Fewer: the emulation runs a thread of the device after the other. */
  static IntStream seeds() {
    return IntStream.range(0, 2);
  }

  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }
}
