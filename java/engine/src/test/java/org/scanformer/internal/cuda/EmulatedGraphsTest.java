package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.LaunchShape;

/** Recordings that a device refuses. */
@Tag("emulation")
class EmulatedGraphsTest {
  private CudaBackend backend;

  /** The run of the work that fails, counted from 1, and how. */
  private int failing;

  private ErrorCode code;
  private int runs;

  @BeforeEach
  void open() {
    backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP16);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private boolean replay(int rows) {
    LaunchShape shape = new LaunchShape();
    shape.set(0, 1, 1, 0, rows, 0);
    return backend.replay(
        shape,
        () -> {
          if (++runs == failing) {
            throw new ScanFormerException(code, "planted");
          }
        });
  }

  @Test
  void aRefusedRecordingFailsNoCall() {
    failing = 2;
    code = ErrorCode.DEVICE_ERROR;
    try (CapturedLog log = new CapturedLog()) {
      assertFalse(replay(1));
      assertNull(backend.whyNoRecording());
      assertFalse(replay(1), "what is launched plainly after a recording tells no usual time");
      assertEquals(3, runs, "a first run, one that was to be recorded, and one in its place");
      assertEquals("planted", backend.whyNoRecording());
      assertFalse(backend.recordsWork());
      for (int rows = 1; rows <= 3; rows++) {
        assertTrue(replay(rows));
      }
      assertEquals(6, runs);
      assertEquals(1, log.messages().size(), log.messages().toString());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BAD_INPUT", "OUT_OF_MEMORY", "DEVICE_LOST"})
  void otherFailuresAreTheCalls(ErrorCode of) {
    failing = 2;
    code = of;
    assertFalse(replay(1));
    ScanFormerException failure = assertThrows(ScanFormerException.class, () -> replay(1));
    assertEquals(of, failure.code());
    assertNull(backend.whyNoRecording());
    assertFalse(replay(1), "it is recorded");
    assertTrue(replay(1));
    assertEquals(3, runs);
  }
}
