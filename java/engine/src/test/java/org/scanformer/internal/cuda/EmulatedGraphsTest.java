package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
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

  /** The runs of the work that fail, counted from 1, and how. */
  private Set<Integer> failing;

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
          if (failing.contains(++runs)) {
            throw new ScanFormerException(code, "planted");
          }
        });
  }

  @Test
  void aRefusedRecordingFailsNoCall() {
    failing = Set.of(2);
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

  /** Where the device is full, the recordings that there are stay in use. */
  @Test
  void aRecordingWithoutMemoryFailsNoCall() {
    failing = Set.of(4);
    code = ErrorCode.OUT_OF_MEMORY;
    try (CapturedLog log = new CapturedLog()) {
      assertFalse(replay(1));
      assertFalse(replay(1), "it is recorded");
      assertFalse(replay(2));
      assertFalse(replay(2));
      assertEquals(5, runs, "in the place of a recording, the work ran as it is");
      assertNull(backend.whyNoRecording());
      assertTrue(replay(1));
      assertEquals(5, runs);
      for (int rows = 2; rows <= 3; rows++) {
        assertTrue(replay(rows));
        assertTrue(replay(rows));
      }
      assertEquals(9, runs);
      assertEquals(1, log.messages().size(), log.messages().toString());
    }
  }

  @Test
  void withoutMemoryForAnyRecordingThereAreNone() {
    failing = Set.of(2);
    code = ErrorCode.OUT_OF_MEMORY;
    assertFalse(replay(1));
    assertFalse(replay(1));
    assertEquals("planted", backend.whyNoRecording());
    assertTrue(replay(1));
    assertEquals(4, runs);
  }

  @ParameterizedTest
  @EnumSource(names = {"BAD_INPUT", "OUT_OF_MEMORY", "DEVICE_LOST"})
  void otherFailuresAreTheCalls(ErrorCode of) {
    // What there is no memory for is the work itself, where it fails without a recording too.
    failing = of == ErrorCode.OUT_OF_MEMORY ? Set.of(2, 3) : Set.of(2);
    code = of;
    assertFalse(replay(1));
    ScanFormerException failure = assertThrows(ScanFormerException.class, () -> replay(1));
    assertEquals(of, failure.code());
    assertNull(backend.whyNoRecording());
    assertFalse(replay(1), "it is recorded");
    assertTrue(replay(1));
    assertEquals(failing.size() + 2, runs);
  }
}
