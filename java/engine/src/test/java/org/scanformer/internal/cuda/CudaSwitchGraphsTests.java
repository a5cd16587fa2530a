package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.SwitchingWork;
import org.scanformer.natives.cuda.CudaApi;

/** Graphs with switches: how many are kept, what is done without, and that all are freed. */
abstract class CudaSwitchGraphsTests {
  private static final String PLAIN_LAUNCHES = "org.scanformer.cuda.plainLaunches";

  /** Skips the tests where what they run on is not there. */
  @BeforeEach
  void requireDevice() {}

  /** Work without operations, whose rehearsals are counted, and may fail. */
  private static class Nothing implements SwitchingWork {
    private int rehearsals;
    private ErrorCode inRehearsal;
    private ErrorCode inRecording;

    private static void fail(ErrorCode code) {
      if (code != null) {
        throw new ScanFormerException(code, "planted");
      }
    }

    @Override
    public void rehearse() {
      rehearsals++;
      fail(inRehearsal);
    }

    @Override
    public void enqueueFirst() {
      fail(inRecording);
    }

    @Override
    public int parts() {
      return 0;
    }

    @Override
    public int sizes(int part) {
      return 0;
    }

    @Override
    public void enqueueChoice(int part, long condition) {}

    @Override
    public void enqueueBody(int part, int size) {}

    @Override
    public void enqueueLast() {}
  }

  /** Work of two parts, of three and two sizes. */
  private static final class Five extends Nothing {
    /** The body whose recording fails; -1 for none. */
    private int failing = -1;

    private int bodies;

    @Override
    public int parts() {
      return 2;
    }

    @Override
    public int sizes(int part) {
      return 3 - part;
    }

    @Override
    public void enqueueBody(int part, int size) {
      if (bodies++ == failing) {
        throw new ScanFormerException(ErrorCode.DEVICE_ERROR, "planted");
      }
    }
  }

  private static CudaBackend open() {
    return CudaBackend.open(CudaDevices.probe(0), Precision.FP16);
  }

  private static LaunchShape shape(int rows) {
    LaunchShape shape = new LaunchShape();
    shape.set(0, 1, 1, 0, rows, 0);
    return shape;
  }

  private static boolean replay(CudaBackend backend, int rows, SwitchingWork work) {
    return backend.replaySwitching(shape(rows), work);
  }

  @Test
  void theFirstFourShapesAreKept() {
    try (CudaBackend backend = open()) {
      Nothing work = new Nothing();
      for (int round = 0; round < 2; round++) {
        for (int rows = 1; rows <= 5; rows++) {
          assertEquals(rows <= 4, replay(backend, rows, work), rows + " rows");
        }
      }
      assertEquals(4, work.rehearsals);
    }
  }

  @Test
  void whatTheDeviceRefusesIsDoneWithout() {
    for (boolean early : new boolean[] {true, false}) {
      try (CudaBackend backend = open()) {
        Nothing work = new Nothing();
        assertTrue(replay(backend, 1, work));
        Nothing refused = new Nothing();
        refused.inRehearsal = early ? ErrorCode.OUT_OF_MEMORY : null;
        refused.inRecording = early ? null : ErrorCode.OUT_OF_MEMORY;
        assertFalse(replay(backend, 2, refused));
        assertNull(backend.whyNoSwitching());
        assertTrue(replay(backend, 1, work), "what is recorded stays");
        assertFalse(replay(backend, 3, work), "no memory for another one");
        assertTrue(backend.switchingBytes(1, 1) > 0);
      }
      try (CudaBackend backend = open()) {
        Nothing refused = new Nothing();
        refused.inRehearsal = early ? ErrorCode.DEVICE_ERROR : null;
        refused.inRecording = early ? null : ErrorCode.DEVICE_ERROR;
        assertFalse(replay(backend, 1, refused));
        assertEquals("planted", backend.whyNoSwitching());
        assertEquals(0, backend.switchingBytes(1, 1));
      }
    }
  }

  @Test
  void aTableAtFaultIsNoRefusal() {
    try (CudaBackend backend = open()) {
      Nothing faulty = new Nothing();
      faulty.inRehearsal = ErrorCode.BAD_INPUT;
      assertThrows(ScanFormerException.class, () -> replay(backend, 1, faulty));
      assertNull(backend.whyNoSwitching());
      assertTrue(replay(backend, 1, new Nothing()));
    }
  }

  /** Room for every operation of every body, in each graph that is kept. */
  @Test
  void thePlanHasRoomForAllGraphsThatAreKept() {
    try (CudaBackend backend = open()) {
      assertEquals(4L * 3 * 5 * (10 << 10), backend.switchingBytes(3, 5));
    }
    System.setProperty(PLAIN_LAUNCHES, "true");
    try (CudaBackend backend = open()) {
      assertEquals(0, backend.switchingBytes(3, 5));
      assertEquals("work is not recorded", backend.whyNoSwitching());
    } finally {
      System.clearProperty(PLAIN_LAUNCHES);
    }
  }

  /** How many graphs and bodies are freed when some work was given and all is closed. */
  private static int freed(SwitchingWork... works) {
    AtomicInteger freed = new AtomicInteger();
    NativeStream stream = NativeStream.open(CudaApi.sf_cuda_backend(), 0, 0, 0, "the device");
    try {
      CudaSwitchGraphs graphs =
          new CudaSwitchGraphs(
              stream,
              graph -> {
                freed.incrementAndGet();
                CudaApi.sf_graph_destroy(graph);
              });
      for (int i = 0; i < works.length; i++) {
        graphs.replay(shape(i), works[i]);
      }
      stream.check(stream.synchronize());
      graphs.close();
    } finally {
      stream.destroy();
    }
    return freed.get();
  }

  @Test
  void allThatIsRecordedIsFreed() {
    assertEquals(2, freed(new Nothing(), new Nothing()));
    assertEquals(5 + 1, freed(new Five()));
    Five failing = new Five();
    failing.failing = 3;
    assertEquals(3 + 1, freed(failing), "the fourth body is ended and freed too");
    Five early = new Five();
    early.failing = 0;
    assertEquals(1 + 1, freed(new Nothing(), early), "a refusal lets go of what was kept");
  }

  /** What is closed has let go of its graphs: it would have to make them again. */
  @Test
  void aClosedBackendKeepsNoGraph() {
    CudaBackend backend = open();
    assertTrue(replay(backend, 1, new Nothing()));
    backend.close();
    Nothing again = new Nothing();
    again.inRehearsal = ErrorCode.BAD_INPUT;
    ScanFormerException asked =
        assertThrows(ScanFormerException.class, () -> replay(backend, 1, again));
    assertEquals("planted", asked.getMessage());
  }
}
