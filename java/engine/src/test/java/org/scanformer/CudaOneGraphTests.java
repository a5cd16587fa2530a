package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.SwitchingWork;
import org.scanformer.internal.cuda.CudaBackend;
import org.scanformer.internal.cuda.CudaDevices;
import org.scanformer.internal.engine.Backends;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * Calls of one graph against calls of the same session that wait between the scales, as they have a
 * deadline: the answers are equal by bits.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CudaOneGraphTests {
  private static final int MOST = 20;
  private static final SessionOptions ONE_GRAPH =
      SessionOptions.builder().frameSize(60, 45).maxPatches(MOST).oneGraph(true).build();

  /** Two grids: 2 x 2 patches of the coarsest scale, and 1 x 2. */
  private static final List<Image> IMAGES = List.of(image(1, 60, 45), image(2, 60, 20));

  private ScanFormer model;
  private List<Expression> texts;

  /** What the device says of switches; empty for the truth. */
  private String refusal;

  /** Whether it refuses to record them. */
  private boolean refusesRecording;

  private int switching;
  private int waits;

  /** Work that was not replayed. */
  private int unrecorded;

  private static Image image(long seed, int width, int height) {
    BufferedImage picture = RandomImages.structured(seed, width, height);
    return Image.of(picture);
  }

  /** Skips the tests where what they run on is not there. */
  void requireDevice() {}

  @BeforeAll
  void load(@TempDir Path directory) throws Exception {
    requireDevice();
    RandomModel.tiny()
        .seed(3)
        .hiddenSize(16)
        .intermediateSize(32)
        .layers(2)
        .encoder1Layers(1)
        .coarseGrid(2)
        .scales(3)
        .candidateHead()
        .write(directory);
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CUDA)
            .precision(Precision.FP16)
            .maxBatch(1)
            .build();
    refusal = "";
    model = ScanFormer.load(directory, options, this::open);
    texts = List.of(model.encode("the red one"), model.encode("man"));
  }

  @BeforeEach
  void begin() {
    refusal = "";
    refusesRecording = false;
    switching = 0;
  }

  @AfterAll
  void close() {
    if (model != null) {
      model.close();
    }
  }

  private Backend open(ScanFormerOptions options) {
    Backend real = Backends.open(options);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) -> {
              switch (method.getName()) {
                case "whyNoSwitching" -> {
                  if (!refusal.isEmpty()) {
                    return refusal;
                  }
                }
                case "replaySwitching" -> {
                  if (refusesRecording) {
                    refusal = "the driver refuses";
                    return false;
                  }
                  switching++;
                }
                case "synchronize" -> waits++;
                default -> {}
              }
              try {
                Object returned = method.invoke(real, arguments);
                if (method.getName().equals("replay") && returned.equals(false)) {
                  unrecorded++;
                }
                return returned;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Selections around the sizes that are launched, and rules of all kinds. */
  private static List<SelectionPolicy> selections() {
    List<SelectionPolicy> selections = new ArrayList<>();
    for (int best : new int[] {MOST, 0, 16, 2, 15}) {
      selections.add(SelectionPolicy.topK(best));
    }
    selections.add(SelectionPolicy.all());
    selections.add(SelectionPolicy.threshold(0.5));
    return selections;
  }

  private static LocateOptions.Builder finalOnly() {
    return LocateOptions.builder().schedule(Schedule.FINAL_ONLY);
  }

  private static void assertSameBits(SessionResult expected, SessionResult found, String what) {
    assertEquals(expected.completedScales(), found.completedScales(), what);
    for (int s = 0; s < expected.completedScales(); s++) {
      assertEquals(expected.selected(s), found.selected(s), what + ", patches of scale " + s);
      assertEquals(expected.mask(s), found.mask(s), what + ", mask of scale " + s);
      assertEquals(expected.hasBox(s), found.hasBox(s), what + ", scale " + s);
    }
    assertArrayEquals(bits(expected), bits(found), what);
  }

  private static int[] bits(SessionResult result) {
    NormalizedBox box = result.normalizedBox();
    return new int[] {
      Float.floatToRawIntBits(box.centerX()),
      Float.floatToRawIntBits(box.centerY()),
      Float.floatToRawIntBits(box.width()),
      Float.floatToRawIntBits(box.height()),
      Float.floatToRawIntBits(result.score())
    };
  }

  /**
   * Calls without a deadline and with one that is far off, and compares; returns how often the
   * first call waited. The other way round, what the second one left on the device would do for an
   * answer of the first.
   */
  private int compare(Session session, Image image, int text, SelectionPolicy selection) {
    SessionResult expected = session.newResult();
    SessionResult found = session.newResult();
    LocateOptions.Builder options = finalOnly().selection(selection);
    LocateOptions whole = options.build();
    LocateOptions byScales = options.budget(Duration.ofHours(1)).build();
    int before = waits;
    session.locate(image, texts.get(text), whole, found);
    int waited = waits - before;
    session.locate(image, texts.get(text), byScales, expected);
    assertSameBits(expected, found, image.height() + " rows, text " + text + ", " + selection);
    return waited;
  }

  @Test
  void answersAreEqualByBitsAndTheHostWaitsOnce() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      assertTrue(session.toString().endsWith(", oneGraph used"), session.toString());
      int calls = 0;
      for (SelectionPolicy selection : selections()) {
        Image image = IMAGES.get(calls % IMAGES.size());
        int waited = compare(session, image, calls / 2 % texts.size(), selection);
        calls++;
        if (calls > IMAGES.size()) {
          assertEquals(1, waited, "waits of a call whose shape is known");
        }
      }
      assertEquals(calls, switching);
    }
  }

  @Test
  void callsThatNeedTheHostBetweenScalesGoScaleByScale() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      List<LocateOptions> calls =
          List.of(
              LocateOptions.builder().schedule(Schedule.PER_SCALE).build(),
              finalOnly().budget(Duration.ofHours(1)).build(),
              finalOnly().candidates(2).build());
      SessionResult result = session.newResult();
      for (LocateOptions call : calls) {
        session.locate(IMAGES.get(0), texts.get(0), call, result);
        assertEquals(3, result.completedScales(), call.toString());
      }
      assertEquals(0, switching);
    }
  }

  @Test
  void aDeviceWithoutSwitchesGoesScaleByScale() {
    refusal = "the driver is older than CUDA 12.8";
    try (Session session = model.openSession(ONE_GRAPH)) {
      assertTrue(session.toString().endsWith("scale by scale: " + refusal), session.toString());
      assertTrue(compare(session, IMAGES.get(0), 0, SelectionPolicy.all()) > 1);
      assertEquals(0, switching);
    }
  }

  @Test
  void aDeviceThatRefusesTheRecordingGoesScaleByScale() {
    refusesRecording = true;
    try (Session session = model.openSession(ONE_GRAPH)) {
      for (int i = 0; i < 2; i++) {
        compare(session, IMAGES.get(i), i, SelectionPolicy.all());
      }
      assertTrue(session.toString().endsWith("scale by scale: the driver refuses"), "" + session);
    }
  }

  @Test
  void aWarmSessionHasRecordedCallsWithABudgetToo() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      session.warmUp();
      unrecorded = 0;
      SessionResult result = session.newResult();
      LocateOptions budget =
          finalOnly().selection(SelectionPolicy.topK(2)).budget(Duration.ofHours(1)).build();
      session.locate(IMAGES.get(0), texts.get(0), budget, result);
      assertEquals(0, unrecorded);
    }
  }

  /** Work without parts, whose rehearsals are counted, and may fail. */
  private static final class Nothing implements SwitchingWork {
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

  @Test
  void theFirstFourShapesAreKept() {
    try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP16)) {
      Nothing work = new Nothing();
      LaunchShape shape = new LaunchShape();
      for (int round = 0; round < 2; round++) {
        for (int rows = 1; rows <= 5; rows++) {
          shape.set(0, 1, 1, 0, rows, 0);
          assertEquals(rows <= 4, backend.replaySwitching(shape, work), rows + " rows");
        }
      }
      assertEquals(4, work.rehearsals);
    }
  }

  private static boolean replay(CudaBackend backend, int rows, SwitchingWork work) {
    LaunchShape shape = new LaunchShape();
    shape.set(0, 1, 1, 0, rows, 0);
    return backend.replaySwitching(shape, work);
  }

  @Test
  void whatTheDeviceRefusesIsDoneWithout() {
    for (boolean early : new boolean[] {true, false}) {
      try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP16)) {
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
      try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP16)) {
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
    try (CudaBackend backend = CudaBackend.open(CudaDevices.probe(0), Precision.FP16)) {
      Nothing faulty = new Nothing();
      faulty.inRehearsal = ErrorCode.BAD_INPUT;
      assertThrows(ScanFormerException.class, () -> replay(backend, 1, faulty));
      assertNull(backend.whyNoSwitching());
      assertTrue(replay(backend, 1, new Nothing()));
    }
  }
}
