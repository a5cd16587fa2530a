package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Failures with the CUDA kernels emulated on the host. Kernels are launched one by one, so that
 * every call does the same operations.
 */
@Tag("emulation")
class EmulatedFaultInjectionTest extends FaultInjectionTest {
  private static final String PLAIN_LAUNCHES = "org.scanformer.cuda.plainLaunches";

  @BeforeEach
  void launchPlainly() {
    System.setProperty(PLAIN_LAUNCHES, "true");
  }

  @AfterEach
  void launchAsEver() {
    System.clearProperty(PLAIN_LAUNCHES);
  }

  @Override
  BackendKind backend() {
    return BackendKind.CUDA;
  }

  /** Every third: no two operations in a row are of a kind, and each kind fails all the same. */
  @Override
  int stride() {
    return 3;
  }

  /** One: what follows a failure does not ask for its code. */
  static Stream<ErrorCode> codes() {
    return Stream.of(ErrorCode.DEVICE_ERROR);
  }

  /** The second call of a shape records it: what fails then leaves no record of half the work. */
  @Test
  void aRecordingThatFailsIsForgotten() {
    launchAsEver();
    int operations;
    NormalizedBox expected;
    try (ScanFormer model = load()) {
      expected = locate(model);
      operations = operations(() -> locate(model));
    }
    for (int operation = 0; operation < operations; operation += stride()) {
      try (ScanFormer model = load()) {
        locate(model);
        faults.failAt(operation, ErrorCode.DEVICE_ERROR);
        assertFails(ErrorCode.DEVICE_ERROR, () -> locate(model));
        faults.failAt(-1, null);
        for (int i = 0; i < 3; i++) {
          assertEquals(expected, locate(model), "after operation " + operation);
        }
      }
    }
  }

  private NormalizedBox locate(ScanFormer model) {
    return model.locate(image, "red").normalizedBox();
  }
}
