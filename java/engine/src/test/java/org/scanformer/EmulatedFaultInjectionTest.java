package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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

  /** What a device may say of a recording, and last what is a call's own fault. */
  private static final List<ErrorCode> CODES =
      List.of(ErrorCode.DEVICE_ERROR, ErrorCode.OUT_OF_MEMORY, ErrorCode.BAD_INPUT);

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

  /**
   * The second call of a shape records it. What fails then leaves no record of half the work; what
   * the device refuses of a recording fails no call.
   */
  @Test
  void aRecordingThatFailsIsForgotten() {
    launchAsEver();
    int refused = 0;
    try (ScanFormer model = load();
        Expression red = model.encode("red")) {
      NormalizedBox expected = model.locate(image, red).normalizedBox();
      int operations = operations(() -> model.locate(image, red));
      int step = 2 * stride();
      for (int operation = 0; operation < operations; operation += step) {
        // By turns what may be refused, and what is the call's own.
        ErrorCode code = CODES.get(operation / step % CODES.size());
        try (Session session = model.openSession(SessionOptions.defaults())) {
          SessionResult result = session.newResult();
          Runnable locate = () -> session.locate(image, red, result);
          locate.run();
          faults.failAt(operation, code);
          if (code == ErrorCode.BAD_INPUT) {
            assertFails(code, locate);
          } else if (answers(locate, code)) {
            refused++;
            assertEquals(expected, result.normalizedBox(), "with operation " + operation);
            String why = "; kernels are launched one by one: " + faults.failed + ": injected";
            // Without memory, the recordings that there are stay in use.
            assertTrue(
                code == ErrorCode.OUT_OF_MEMORY || session.toString().endsWith(why),
                session.toString());
          }
          faults.failAt(-1, null);
          for (int i = 0; i < 2; i++) {
            locate.run();
            assertEquals(expected, result.normalizedBox(), "after operation " + operation);
          }
        }
      }
    }
    assertTrue(refused > 2, refused + " recordings were refused");
  }

  private static boolean answers(Runnable call, ErrorCode code) {
    try {
      call.run();
      return true;
    } catch (ScanFormerException e) {
      assertEquals(code, e.code());
      return false;
    }
  }
}
