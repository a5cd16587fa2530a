package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.OneGraphCalls.MOST;
import static org.scanformer.OneGraphCalls.assertSameBits;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.OneGraphCalls.Frame;
import org.scanformer.reference.RandomModel;

/**
 * Calls of one graph against calls that wait between the scales, as they have a deadline or are of
 * a session without graphs: the answers are equal by bits. Heads are of 32, so that products put
 * keys and values into the cache themselves.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CudaOneGraphTests {
  private static final Duration FAR = Duration.ofHours(1);
  private static final int RANDOM_CALLS = 12;

  private static final SessionOptions.Builder FRAMES =
      SessionOptions.builder().frameSize(60, 45).maxPatches(MOST);
  private static final SessionOptions ONE_GRAPH = FRAMES.oneGraph(true).build();
  private static final SessionOptions ONE_GRAPH_OF_TWO = FRAMES.maxBatch(2).build();
  private static final SessionOptions BY_SCALES_OF_TWO = FRAMES.oneGraph(false).build();

  /** Two grids, the smaller one first: a graph of its own would not hold the larger one. */
  private static final List<Frame> GRIDS =
      List.of(Frame.of(2, 60, 20, 1, 2), Frame.of(1, 60, 45, 2, 2));

  /** Two grids of as many patches, which have one graph. */
  private static final List<Frame> ALIKE = List.of(GRIDS.get(0), Frame.of(3, 20, 60, 2, 1));

  private final OneGraphDevice device = new OneGraphDevice();
  private ScanFormer model;
  private List<Expression> texts;

  /** How often the first call of the last comparison waited. */
  private int waited;

  /** Skips the tests where what they run on is not there. */
  void requireDevice() {}

  @BeforeAll
  void load(@TempDir Path directory) throws Exception {
    requireDevice();
    RandomModel.tiny()
        .seed(3)
        .hiddenSize(64)
        .intermediateSize(32)
        .layers(2)
        .encoder1Layers(1)
        .coarseGrid(2)
        .scales(3)
        .candidateHead()
        .write(directory);
    model = load(directory, Precision.FP16);
    texts = List.of(model.encode("the red one"), model.encode("man"));
  }

  private ScanFormer load(Path directory, Precision precision) {
    ScanFormerOptions.Builder options =
        ScanFormerOptions.builder().backend(BackendKind.CUDA).maxBatch(1);
    return ScanFormer.load(directory, options.precision(precision).build(), device::open);
  }

  @BeforeEach
  void begin() {
    device.refusal = "";
    device.refusesRecording = false;
    device.switching = 0;
    device.taken = 0;
  }

  @AfterAll
  void close() {
    if (model != null) {
      model.close();
    }
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

  /**
   * Calls without a deadline and with one that is far off, and compares; returns the first answer.
   * The other way round, what the second call left on the device would do for an answer of the
   * first.
   */
  private SessionResult compare(
      Session session, Image image, Expression text, LocateOptions.Builder options, String what) {
    SessionResult expected = session.newResult();
    SessionResult found = session.newResult();
    LocateOptions whole = options.build();
    LocateOptions byScales = options.budget(FAR).build();
    device.waits = 0;
    session.locate(image, text, whole, found);
    waited = device.waits;
    session.locate(image, text, byScales, expected);
    assertSameBits(expected, found, what);
    return found;
  }

  private SessionResult compare(Session session, int frame, int text, SelectionPolicy selection) {
    return compare(
        session,
        GRIDS.get(frame).image(),
        texts.get(text),
        finalOnly().selection(selection),
        "frame " + frame + ", text " + text + ", " + selection);
  }

  @Test
  void answersAreEqualByBitsAndTheHostWaitsOnce() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      assertTrue(session.toString().endsWith(", oneGraph used"), session.toString());
      int calls = 0;
      for (SelectionPolicy selection : selections()) {
        compare(session, calls % 2, calls / 2 % texts.size(), selection);
        calls++;
        if (calls > 2) {
          assertEquals(1, waited, "waits of a call whose shape is known");
        }
      }
      assertEquals(calls, device.taken);
    }
  }

  /** Each call has masks of its own, which the device is given before the graph. */
  @Test
  void givenMasksAndTheBoundOfACallHold() {
    Random random = new Random(11);
    Frame frame = GRIDS.get(0);
    try (Session session = model.openSession(ONE_GRAPH)) {
      SessionResult found = session.newResult();
      for (int selected : new int[] {MOST, 3, 0, 16}) {
        SelectionPolicy.Masks masks = (SelectionPolicy.Masks) frame.masks(random, selected);
        locate(session, finalOnly().selection(masks), found);
        for (int s = 0; s < 3; s++) {
          assertEquals(masks.masks().get(s), found.mask(s), "scale " + s);
        }
      }
      locate(session, finalOnly().selection(SelectionPolicy.none()), found);
      assertEquals(0, found.selected(1) + found.selected(2));
      locate(session, finalOnly().selection(SelectionPolicy.all()).maxPatches(5), found);
      assertEquals(List.of(5, 5), List.of(found.selected(1), found.selected(2)));
      assertEquals(6, device.taken);
    }
  }

  private void locate(Session session, LocateOptions.Builder call, SessionResult result) {
    session.locate(GRIDS.get(0).image(), texts.get(0), call.build(), result);
  }

  /** Grids of one graph, texts, selections, schedules, budgets, bounds and pairs, as they come. */
  @Test
  void randomCallsAnswerAsInASessionWithoutGraphs() {
    Random random = new Random(5);
    int whole = 0;
    try (Session session = model.openSession(ONE_GRAPH_OF_TWO);
        Session byScales = model.openSession(BY_SCALES_OF_TWO)) {
      List<SessionResult> expected = List.of(byScales.newResult(), byScales.newResult());
      List<SessionResult> found = List.of(session.newResult(), session.newResult());
      for (int i = 0; i < RANDOM_CALLS; i++) {
        int requests = random.nextInt(6) == 0 ? 2 : 1;
        Frame frame = ALIKE.get(random.nextInt(2));
        List<Image> images = Collections.nCopies(requests, frame.image());
        List<Expression> asked = random.nextBoolean() ? texts : List.of(texts.get(1), texts.get(0));
        asked = asked.subList(0, requests);
        LocateOptions call = OneGraphCalls.random(random, frame);
        session.locate(images, asked, call, Long.MAX_VALUE, found.subList(0, requests));
        byScales.locate(images, asked, call, Long.MAX_VALUE, expected.subList(0, requests));
        for (int r = 0; r < requests; r++) {
          String what = "call " + i + ", request " + r + " of " + requests + ", " + call;
          assertSameBits(expected.get(r), found.get(r), what);
        }
        whole += requests == 1 && OneGraphCalls.isWhole(call) ? 1 : 0;
      }
    }
    assertTrue(whole > RANDOM_CALLS / 4 && whole < RANDOM_CALLS, whole + " calls of one graph");
    assertEquals(whole, device.taken);
  }

  @Test
  void callsThatNeedTheHostBetweenScalesGoScaleByScale() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      List<LocateOptions> calls =
          List.of(
              LocateOptions.builder().schedule(Schedule.PER_SCALE).build(),
              finalOnly().budget(FAR).build(),
              finalOnly().candidates(2).build());
      SessionResult result = session.newResult();
      for (LocateOptions call : calls) {
        session.locate(GRIDS.get(0).image(), texts.get(0), call, result);
        assertEquals(3, result.completedScales(), call.toString());
      }
      assertEquals(0, device.switching);
    }
  }

  @Test
  void aDeviceWithoutSwitchesGoesScaleByScale() {
    device.refusal = "the driver is older than CUDA 12.8";
    try (Session session = model.openSession(ONE_GRAPH)) {
      String why = "scale by scale: " + device.refusal;
      assertTrue(session.toString().endsWith(why), session.toString());
      compare(session, 0, 0, SelectionPolicy.all());
      assertTrue(waited > 1);
      assertEquals(0, device.switching);
    }
  }

  @Test
  void aDeviceThatRefusesTheRecordingGoesScaleByScale() {
    device.refusesRecording = true;
    try (Session session = model.openSession(ONE_GRAPH)) {
      for (int i = 0; i < 2; i++) {
        compare(session, i, i, SelectionPolicy.all());
      }
      assertTrue(session.toString().endsWith("scale by scale: the driver refuses"), "" + session);
    }
  }

  /** A fault on the device at each packing, and a wait that fails: the next call is right. */
  @Test
  void aCallThatFailsSaysSoAndTheNextOneIsRight() {
    try (Session session = model.openSession(ONE_GRAPH)) {
      SessionResult result = session.newResult();
      compare(session, 0, 0, SelectionPolicy.topK(MOST));
      for (int part = 0; part < 3; part++) {
        device.spoilt = part;
        ScanFormerException fault =
            assertThrows(ScanFormerException.class, () -> locate(session, finalOnly(), result));
        assertEquals(ErrorCode.BAD_INPUT, fault.code(), fault.getMessage());
        assertTrue(fault.getMessage().contains("sf_pack_batch"), fault.getMessage());
        compare(session, 0, 1, SelectionPolicy.topK(part));
      }
      device.failure = new ScanFormerException(ErrorCode.DEVICE_ERROR, "planted");
      assertThrows(ScanFormerException.class, () -> locate(session, finalOnly(), result));
      compare(session, 0, 0, SelectionPolicy.topK(2));
      assertTrue(session.toString().endsWith(", oneGraph used"), session.toString());
    }
  }

  /** A model of wide grids, and of another type. */
  private ScanFormer loadWide(Path directory) throws Exception {
    RandomModel.tiny()
        .seed(4)
        .hiddenSize(32)
        .heads(1)
        .intermediateSize(32)
        .layers(2)
        .encoder1Layers(1)
        .coarseGrid(5)
        .scales(2)
        .write(directory);
    return load(directory, null);
  }

  /** An image of that many of five rows of the coarsest grid. */
  private static Image wide(int rows) {
    return Frame.of(rows, 50, 10 * rows, rows, 5).image();
  }

  @Test
  void aFifthShapeGoesScaleByScale(@TempDir Path directory) throws Exception {
    try (ScanFormer wide = loadWide(directory);
        Expression text = wide.encode("red");
        Session session =
            wide.openSession(
                SessionOptions.builder().frameSize(50, 50).maxPatches(2).oneGraph(true).build())) {
      SessionResult first = session.newResult();
      for (int rows = 1; rows <= 5; rows++) {
        session.locate(wide(rows), text, finalOnly().build(), first);
      }
      for (int rows = 1; rows <= 5; rows++) {
        compare(session, wide(rows), text, finalOnly(), rows + " rows");
        assertEquals(rows <= 4, waited == 1, rows + " rows, " + waited + " waits");
      }
      assertEquals(8, device.taken);
      assertEquals(10, device.switching);
    }
  }

  @Test
  void aWarmSessionHasRecordedCallsWithABudgetToo(@TempDir Path directory) throws Exception {
    try (ScanFormer wide = loadWide(directory);
        Expression text = wide.encode("red");
        Session session =
            wide.openSession(
                SessionOptions.builder().frameSize(50, 10).maxPatches(2).oneGraph(true).build())) {
      session.warmUp();
      device.unrecorded = 0;
      device.taken = 0;
      for (int best : new int[] {2, 0, 1}) {
        LocateOptions.Builder call = finalOnly().selection(SelectionPolicy.topK(best));
        compare(session, wide(1), text, call, best + " patches");
        assertEquals(1, waited);
      }
      assertEquals(3, device.taken);
      assertEquals(0, device.unrecorded);
    }
  }
}
