package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.internal.engine.FrameResult;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** Sessions: frames one after another, in bounded time and without garbage. */
class SessionTest {
  private static final String TEXT = "the red one";
  private static final long MILLI = 1_000_000;

  @TempDir private Path directory;
  private ScanFormer model;
  private Expression expression;
  private Session session;
  private SessionResult result;

  /** A clock that stands still until it is moved. */
  private static final class ManualClock implements LongSupplier {
    private long now =
        Long.MAX_VALUE - 50 * MILLI; // soon beyond the largest long, as nanoTime may be

    @Override
    public long getAsLong() {
      return now;
    }
  }

  private final ManualClock clock = new ManualClock();

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  @BeforeEach
  void open() throws Exception {
    RandomModel.tiny().seed(3).coarseGrid(2).scales(3).scoreHead(true).write(directory);
    model = load();
    expression = model.encode(TEXT);
    session = model.openSession(SessionOptions.defaults());
    result = session.newResult();
  }

  @AfterEach
  void close() {
    if (model != null) {
      model.close();
    }
  }

  private ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(2)
            .build());
  }

  private static Image image(long seed) {
    BufferedImage picture = RandomImages.structured(seed, 60, 45);
    return Image.of(picture);
  }

  private static LocateOptions.Builder options() {
    return LocateOptions.builder();
  }

  private static void assertSame(Location expected, SessionResult found) {
    assertEquals(expected.scales().size(), found.completedScales());
    for (ScaleResult scale : expected.scales()) {
      int s = scale.scale();
      assertEquals(scale.mask(), found.mask(s), "mask of scale " + s);
      assertEquals(scale.mask().count(), found.selected(s));
      assertEquals(scale.box(), found.normalizedBox(s), "box of scale " + s);
      assertEquals(scale.box() != null, found.hasBox(s));
      assertEquals(scale.score(), found.score(s), "score of scale " + s);
    }
    assertEquals(expected.normalizedBox(), found.normalizedBox());
    assertEquals(expected.box(), new Box(found.x(), found.y(), found.width(), found.height()));
    assertEquals(expected.score(), found.score());
    assertTrue(found.deadlineMet());
  }

  @ParameterizedTest
  @EnumSource
  void findsWhatTheModelFinds(Schedule schedule) {
    LocateOptions options = options().schedule(schedule).build();
    for (int i = 0; i < 4; i++) {
      Image image = image(i);
      session.locate(image, expression, options, result);
      assertSame(model.locate(List.of(Request.of(image, expression)), schedule).get(0), result);
    }
  }

  @Test
  void readsTheFrameAsItIsWhenCalled() {
    Image first = image(0);
    ByteBuffer pixels = ByteBuffer.allocateDirect(first.pixels().remaining());
    Image frame = Image.of(pixels, first.format(), 60, 45);
    for (int i = 0; i < 3; i++) {
      Image other = image(i);
      pixels.put(0, other.pixels(), 0, pixels.capacity());
      session.locate(frame, expression, result);
      assertSame(
          model.locate(List.of(Request.of(other, expression)), Schedule.PER_SCALE).get(0), result);
    }
  }

  @Test
  void aRegionIsLookedAtAsAnImageOfItsOwn() {
    Image whole = image(1);
    Image region = whole.region(13, 7, 40, 30);
    int bytes = whole.format().bytesPerPixel();
    ByteBuffer copy = ByteBuffer.allocate(40 * 30 * bytes);
    for (int row = 0; row < 30; row++) {
      int from = (7 + row) * whole.rowStride() + 13 * bytes;
      copy.put(row * 40 * bytes, whole.pixels(), from, 40 * bytes);
    }
    session.locate(region, expression, result);
    Image copied = Image.of(copy, whole.format(), 40, 30);
    assertSame(
        model.locate(List.of(Request.of(copied, expression)), Schedule.PER_SCALE).get(0), result);
    Image corner = whole.region(59, 44, 1, 1);
    session.locate(corner, expression, result);
    assertEquals(3, result.completedScales());
    for (int[] wrong :
        new int[][] {
          {-1, 0, 1, 1}, {0, -1, 1, 1}, {0, 0, 0, 1}, {0, 0, 61, 1}, {60, 0, 1, 1}, {0, 40, 1, 6}
        }) {
      ScanFormerException refused =
          assertThrows(
              ScanFormerException.class,
              () -> whole.region(wrong[0], wrong[1], wrong[2], wrong[3]));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("expected one within 60x45"), refused.getMessage());
    }
  }

  @Test
  void warmUpChangesNoResult() {
    session.warmUp();
    session.locate(image(1), expression, result);
    assertSame(
        model.locate(List.of(Request.of(image(1), expression)), Schedule.PER_SCALE).get(0), result);
  }

  @Test
  void allocatesNothing() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Image heap = image(1);
    ByteBuffer direct = ByteBuffer.allocateDirect(3 * 60 * 45);
    Image frame =
        Image.of(direct.put(0, heap.pixels(), 0, direct.capacity()), PixelFormat.RGB, 60, 45);
    LocateOptions[] cases = {
      LocateOptions.defaults(),
      options().schedule(Schedule.FINAL_ONLY).budget(Duration.ofHours(1)).build(),
      options().selection(SelectionPolicy.topK(3)).maxPatches(5).stopAtScore(1).build(),
      options().selection(SelectionPolicy.threshold(0.4)).listener(soFar -> {}).build()
    };
    for (Image image : List.of(frame, heap)) {
      for (LocateOptions options : cases) {
        for (int call = 0; call < 5; call++) {
          session.locate(image, expression, options, result);
        }
        // The virtual machine itself allocates now and then, once; a call that does would each
        // time.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int call = 0; call < 20; call++) {
            session.locate(image, expression, options, result);
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
      }
    }
  }

  // ---- Deadlines, with a clock of the test's own: a scale takes what the listener lets pass ----

  private static final long[] SCALE_MILLIS = {10, 20, 40};

  private LocateOptions.Builder timed() {
    return options()
        .selection(SelectionPolicy.all())
        .listener(soFar -> clock.now += SCALE_MILLIS[soFar.completedScales() - 1] * MILLI);
  }

  private Session timedSession() {
    Session opened = model.openSession(SessionOptions.builder().clock(clock).build());
    opened.locate(image(1), expression, timed().build(), result);
    assertEquals(3, result.completedScales(), "without a deadline");
    assertEquals(70 * MILLI, result.totalNanos());
    assertEquals(20 * MILLI, result.nanos(1));
    return opened;
  }

  @Test
  void stopsBeforeAScaleThatDoesNotFit() {
    Session timedSession = timedSession();
    // What a scale took once is reckoned with a quarter more: 25 and 50 ms for the finer two.
    long[][] budgetsAndScales = {{34, 1}, {35, 2}, {79, 2}, {80, 3}, {10, 1}, {1000, 3}};
    for (long[] expected : budgetsAndScales) {
      // The clock is the same for all: no call learns anything new.
      LocateOptions options = timed().budget(Duration.ofMillis(expected[0])).build();
      timedSession.locate(image(1), expression, options, result);
      assertEquals(expected[1], result.completedScales(), "scales in " + expected[0] + " ms");
      assertTrue(result.deadlineMet());
      assertEquals(expected[1] == 1 ? 10 : expected[1] == 2 ? 30 : 70, result.totalNanos() / MILLI);
    }
  }

  @Test
  void answersFromTheCoarsestScaleWhenTheDeadlineIsPast() {
    Session timedSession = timedSession();
    for (LocateOptions options :
        List.of(
            timed().budget(Duration.ZERO).build(), timed().budget(Duration.ofMillis(9)).build())) {
      timedSession.locate(image(1), expression, options, result);
      assertEquals(1, result.completedScales());
      assertFalse(result.deadlineMet());
    }
    timedSession.locate(image(1), expression, timed().build(), clock.now - 1, result);
    assertEquals(1, result.completedScales());
    assertFalse(result.deadlineMet());
  }

  @Test
  void theEarlierOfDeadlineAndBudgetCounts() {
    Session timedSession = timedSession();
    LocateOptions budget = timed().budget(Duration.ofMillis(36)).build();
    timedSession.locate(image(1), expression, budget, clock.now + 12 * MILLI, result);
    assertEquals(1, result.completedScales());
    timedSession.locate(image(1), expression, budget, clock.now + 500 * MILLI, result);
    assertEquals(2, result.completedScales());
  }

  @Test
  void aResultThatStoppedEarlyIsThatOfItsScale() {
    List<NormalizedBox> boxes = new ArrayList<>();
    session.locate(
        image(1),
        expression,
        options().listener(r -> boxes.add(r.normalizedBox())).build(),
        result);
    List<PatchMask> masks = List.of(result.mask(0), result.mask(1), result.mask(2));
    assertEquals(3, boxes.size());
    Session timedSession = timedSession();
    for (int scales = 1; scales <= 3; scales++) {
      long millis = new long[] {12, 40, 100}[scales - 1];
      LocateOptions options =
          options()
              .listener(r -> clock.now += SCALE_MILLIS[r.completedScales() - 1] * MILLI)
              .budget(Duration.ofMillis(millis))
              .build();
      timedSession.locate(image(1), expression, options, result);
      assertEquals(scales, result.completedScales());
      assertEquals(boxes.get(scales - 1), result.normalizedBox());
      for (int s = 0; s < scales; s++) {
        assertEquals(masks.get(s), result.mask(s));
      }
      int beyond = scales;
      assertThrows(IndexOutOfBoundsException.class, () -> result.mask(beyond));
    }
  }

  /** Under FINAL_ONLY the scales before the pass over all tokens take no time of this clock. */
  @Test
  void theFinalPassOverTheScalesSoFarGivesTheirBox() {
    session.locate(
        image(1), expression, options().selection(SelectionPolicy.all()).build(), result);
    NormalizedBox coarse = result.normalizedBox(0);
    NormalizedBox fine = result.normalizedBox(2);
    Session opened = model.openSession(SessionOptions.builder().clock(clock).build());
    LocateOptions.Builder options =
        options()
            .schedule(Schedule.FINAL_ONLY)
            .selection(SelectionPolicy.all())
            .listener(soFar -> clock.now += 50 * MILLI);
    opened.locate(image(1), expression, options.build(), result);
    assertBoxes(fine, result.normalizedBox());
    assertNull(result.normalizedBox(0));
    opened.locate(image(1), expression, options.budget(Duration.ofMillis(51)).build(), result);
    assertEquals(1, result.completedScales());
    assertBoxes(coarse, result.normalizedBox());
  }

  private static void assertBoxes(NormalizedBox expected, NormalizedBox found) {
    assertArrayEquals(
        new float[] {expected.centerX(), expected.centerY(), expected.width(), expected.height()},
        new float[] {found.centerX(), found.centerY(), found.width(), found.height()},
        2e-4f);
  }

  // ---- Bounds and early exits ----

  @Test
  void looksAtNoMorePatchesThanAllowed() {
    for (SelectionPolicy policy :
        List.of(SelectionPolicy.all(), SelectionPolicy.topK(50), SelectionPolicy.topK(5))) {
      session.locate(
          image(1), expression, options().selection(policy).maxPatches(5).build(), result);
      Request request = Request.of(image(1), expression).withSelection(SelectionPolicy.topK(5));
      assertSame(model.locate(List.of(request), Schedule.PER_SCALE).get(0), result);
    }
    session.locate(image(1), expression, options().maxPatches(0).build(), result);
    assertEquals(0, result.selected(1));
    assertEquals(4, result.selected(0));
  }

  @Test
  void stopsAtAScore() {
    session.locate(image(1), expression, result);
    float[] scores = {result.score(0), result.score(1), result.score(2)};
    for (float bound : new float[] {0, scores[0], scores[1], scores[2], 1}) {
      int expected = scores[0] > bound ? 1 : scores[1] > bound ? 2 : 3;
      session.locate(image(1), expression, options().stopAtScore(bound).build(), result);
      assertEquals(expected, result.completedScales(), "over " + bound);
    }
  }

  @Test
  void stopsWhereTwoScalesAgree() {
    session.locate(image(1), expression, result);
    double first = result.normalizedBox(0).intersectionOverUnion(result.normalizedBox(1));
    assertTrue(first > 0.01 && first < 0.99, "boxes that overlap in part, by " + first);
    session.locate(image(1), expression, options().stopAtAgreement(first - 0.001).build(), result);
    assertEquals(2, result.completedScales());
    session.locate(image(1), expression, options().stopAtAgreement(first + 0.001).build(), result);
    assertEquals(3, result.completedScales());
  }

  @Test
  void refusesOptionsThatMakeNoSense() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> options().stopAtScore(1.5),
            () -> options().stopAtScore(Double.NaN),
            () -> options().stopAtAgreement(-1),
            () -> options().maxPatches(-1),
            () -> options().budget(Duration.ofMillis(-1)),
            () -> options().schedule(Schedule.FINAL_ONLY).stopAtScore(0.5).build(),
            () -> SessionOptions.builder().textCache(0),
            () -> SessionOptions.builder().frameSize(0, 10))) {
      ScanFormerException refused = assertThrows(ScanFormerException.class, wrong::run);
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("found"), refused.getMessage());
    }
  }

  // ---- Batches and declared maxima ----

  @ParameterizedTest
  @EnumSource
  void severalImagesTogether(Schedule schedule) {
    Expression other = model.encode("left of the star");
    List<Image> images = List.of(image(0), image(1), Image.of(RandomImages.structured(2, 30, 60)));
    List<Expression> expressions = List.of(expression, other, expression);
    List<Integer> seen = new ArrayList<>();
    LocateOptions options =
        options()
            .schedule(schedule)
            .selection(SelectionPolicy.topK(9))
            .listener(r -> seen.add(r.completedScales()))
            .build();
    try (Session batch = model.openSession(SessionOptions.builder().maxBatch(3).build())) {
      for (int count = 1; count <= 3; count++) {
        List<SessionResult> results = new ArrayList<>();
        for (int r = 0; r < count; r++) {
          results.add(batch.newResult());
        }
        seen.clear();
        batch.locate(
            images.subList(0, count),
            expressions.subList(0, count),
            options,
            Long.MAX_VALUE,
            results);
        assertEquals(count * (schedule == Schedule.PER_SCALE ? 3 : 1), seen.size());
        for (int r = 0; r < count; r++) {
          session.locate(images.get(r), expressions.get(r), options, result);
          for (int s = 0; s < 3; s++) {
            assertEquals(result.mask(s), results.get(r).mask(s));
            assertEquals(result.hasBox(s), results.get(r).hasBox(s));
            if (result.hasBox(s)) {
              assertBoxes(result.normalizedBox(s), results.get(r).normalizedBox(s));
              assertEquals(result.score(s), results.get(r).score(s), 2e-4);
            }
          }
          assertEquals(result.x(), results.get(r).x(), 0.02);
        }
      }
      assertRefused(
          "4 images, expected 1 to 3",
          () ->
              batch.locate(
                  Collections.nCopies(4, image(0)),
                  Collections.nCopies(4, expression),
                  options,
                  Long.MAX_VALUE,
                  Collections.nCopies(4, result)));
      assertRefused(
          "2 images, 1 expressions and 2 results",
          () ->
              batch.locate(
                  images.subList(0, 2),
                  List.of(expression),
                  options,
                  Long.MAX_VALUE,
                  List.of(result, batch.newResult())));
      assertRefused(
          "the same result",
          () ->
              batch.locate(
                  images.subList(0, 2),
                  expressions.subList(0, 2),
                  options,
                  Long.MAX_VALUE,
                  List.of(result, result)));
      batch.warmUp();
    }
  }

  private static void assertRefused(String message, Runnable call) {
    ScanFormerException refused = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
  }

  @Test
  void aDeclaredFrameIsAllThatFits() {
    SessionOptions declared = SessionOptions.builder().frameSize(60, 30).build();
    try (Session small = model.openSession(declared)) {
      small.warmUp();
      // 2 x 1 patches in the coarsest grid, or 1 x 2.
      for (Image image :
          List.of(
              Image.of(RandomImages.structured(2, 60, 30)),
              Image.of(RandomImages.structured(3, 20, 80)))) {
        SessionResult own = small.newResult();
        small.locate(image, expression, own);
        assertSame(
            model.locate(List.of(Request.of(image, expression)), Schedule.PER_SCALE).get(0), own);
      }
      assertRefused(
          "The image of 60x45 pixels needs a coarsest grid of 4 patches, expected at most the 2 of"
              + " the declared frames of 60x30 pixels",
          () -> small.locate(image(1), expression, small.newResult()));
    }
  }

  @Test
  void noMorePatchesThanDeclared() {
    for (int most : new int[] {0, 1, 5, 16, 63, 64}) {
      SessionOptions declared = SessionOptions.builder().maxPatches(most).build();
      try (Session small = model.openSession(declared)) {
        for (SelectionPolicy policy :
            List.of(
                SelectionPolicy.all(), SelectionPolicy.topK(100), SelectionPolicy.checkpoint())) {
          LocateOptions options = options().selection(policy).build();
          LocateOptions capped = options().selection(policy).maxPatches(most).build();
          session.locate(image(1), expression, capped, result);
          SessionResult own = small.newResult();
          small.locate(image(1), expression, options, own);
          for (int s = 0; s < 3; s++) {
            assertEquals(result.mask(s), own.mask(s), most + " patches");
            assertBoxes(result.normalizedBox(s), own.normalizedBox(s));
          }
        }
        List<PatchMask> masks =
            List.of(PatchMask.all(2, 2), PatchMask.all(4, 4), PatchMask.none(8, 8));
        LocateOptions given = options().selection(SelectionPolicy.masks(masks)).build();
        if (most < 16) {
          assertRefused(
              "expected at most the declared " + most,
              () -> small.locate(image(1), expression, given, small.newResult()));
        } else {
          small.locate(image(1), expression, given, small.newResult());
        }
      }
    }
  }

  @Test
  void aSmallerMaximumTakesLessMemory() {
    long any = reserved(SessionOptions.defaults());
    long declared = reserved(SessionOptions.builder().frameSize(60, 30).build());
    long few = reserved(SessionOptions.builder().maxPatches(4).build());
    long four = reserved(SessionOptions.builder().maxBatch(4).build());
    assertTrue(declared < any && few < any && any < four, declared + " " + few + " " + any);
  }

  private long reserved(SessionOptions options) {
    return model.sessionBytes(options);
  }

  // ---- Metrics ----

  @Test
  void metricsSeeCallsScalesAndTexts() {
    Logger.getLogger("org.scanformer").setLevel(Level.OFF);
    List<String> seen = new ArrayList<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void callDone(int requests, int scales, boolean deadlineMet, long nanos) {
            seen.add("call " + requests + " " + scales + " " + deadlineMet + " " + (nanos > 0));
          }

          @Override
          public void callFailed(ErrorCode code) {
            seen.add("failed " + code);
          }

          @Override
          public void scaleDone(int scale, int patches, int tokens, long nanos) {
            seen.add("scale " + scale + " " + (patches > 0) + " " + (tokens >= patches));
            throw new IllegalStateException("what metrics throw ends no call");
          }

          @Override
          public void textEncoded(int tokens, long nanos) {
            seen.add("text " + tokens);
          }
        };
    try (ScanFormer observed =
            ScanFormer.load(
                directory,
                ScanFormerOptions.builder().backend(backend()).metrics(metrics).build());
        Expression red = observed.encode("red");
        Session own = observed.openSession(SessionOptions.defaults())) {
      assertEquals(List.of("text 3"), seen);
      seen.clear();
      LocateOptions options = options().selection(SelectionPolicy.all()).build();
      own.locate(image(1), red, options, own.newResult());
      assertEquals(
          List.of(
              "scale 0 true true", "scale 1 true true", "scale 2 true true", "call 1 3 true true"),
          seen);
      seen.clear();
      observed.locate(List.of(Request.of(image(1), red), Request.of(image(2), red)));
      assertEquals(
          List.of(
              "scale 0 true true",
              "scale 1 true true",
              "scale 2 true true",
              "scale -1 false true",
              "call 2 3 true true"),
          seen);
    }
  }

  // ---- Texts ----

  @Test
  void textsStayEncodedAsLongAsThereIsRoom() {
    try (Session small = model.openSession(SessionOptions.builder().textCache(2).build())) {
      for (String text : List.of("red", "blue", "red", "green", "blue", "red")) {
        small.locate(image(1), text, LocateOptions.defaults(), result);
        assertSame(
            model.locate(List.of(Request.of(image(1), text)), Schedule.PER_SCALE).get(0), result);
      }
    }
  }

  /** A stream with one text runs it once; another text costs one more pass. */
  @Test
  void aTextIsRunOnceForAllItsFrames() {
    List<Integer> encoded = new ArrayList<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void textEncoded(int tokens, long nanos) {
            encoded.add(tokens);
          }
        };
    ScanFormerOptions observed =
        ScanFormerOptions.builder().backend(backend()).maxBatch(1).metrics(metrics).build();
    try (ScanFormer own = ScanFormer.load(directory, observed);
        Session stream = own.openSession(SessionOptions.builder().textCache(2).build());
        Expression red = own.encode("red")) {
      SessionResult found = stream.newResult();
      encoded.clear();
      for (int i = 0; i < 5; i++) {
        stream.locate(image(i), red, found);
      }
      assertEquals(List.of(), encoded, "encoded before");
      for (String text : List.of("the red one", "blue", "the red one", "blue", "blue")) {
        stream.locate(image(1), text, LocateOptions.defaults(), found);
      }
      assertEquals(List.of(5, 3), encoded, "with [CLS] and [SEP]");
    }
  }

  @Test
  void anInterruptIsLeftToTheCaller() {
    Thread.currentThread().interrupt();
    session.locate(image(1), expression, result);
    assertEquals(3, result.completedScales());
    model.locate(image(1), expression);
    session.close();
    assertTrue(Thread.interrupted());
  }

  @Test
  void anExpressionClosedInACallLastsThatCall() {
    LocateOptions closing = options().listener(soFar -> expression.close()).build();
    session.locate(image(1), expression, closing, result);
    assertSame(
        model.locate(List.of(Request.of(image(1), TEXT)), Schedule.PER_SCALE).get(0), result);
    assertThrows(IllegalStateException.class, () -> session.locate(image(1), expression, result));
  }

  @Test
  void refusesAnotherModelsExpressionsAndResults() throws Exception {
    try (ScanFormer other = load();
        Expression foreign = other.encode(TEXT)) {
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> session.locate(image(1), foreign, result));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
    }
    SessionResult wrong = new SessionResult(new FrameResult(new int[] {1, 4}));
    assertThrows(ScanFormerException.class, () -> session.locate(image(1), expression, wrong));
  }

  // ---- Threads ----

  @Test
  void refusesASecondThreadAndItself() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicReference<Throwable> nested = new AtomicReference<>();
    LocateOptions waiting =
        options()
            .listener(
                soFar -> {
                  nested.set(
                      assertThrows(
                          IllegalStateException.class,
                          () -> session.locate(image(1), expression, session.newResult())));
                  inCall.countDown();
                  await(go);
                })
            .build();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<?> call =
          threads.submit(() -> session.locate(image(1), expression, waiting, session.newResult()));
      assertTrue(inCall.await(30, TimeUnit.SECONDS));
      IllegalStateException refused =
          assertThrows(
              IllegalStateException.class, () -> session.locate(image(1), expression, result));
      assertTrue(refused.getMessage().contains("another thread"), refused.getMessage());
      go.countDown();
      call.get(30, TimeUnit.SECONDS);
      assertTrue(nested.get().getMessage().contains("within"), nested.get().getMessage());
    } finally {
      go.countDown();
      threads.shutdown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void closingWaitsForTheRunningCall() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    LocateOptions waiting =
        options()
            .listener(
                soFar -> {
                  inCall.countDown();
                  await(go);
                })
            .build();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> call = threads.submit(() -> session.locate(image(1), expression, waiting, result));
      assertTrue(inCall.await(30, TimeUnit.SECONDS));
      Future<?> closing = threads.submit(model::close);
      assertThrows(TimeoutException.class, () -> closing.get(200, TimeUnit.MILLISECONDS));
      go.countDown();
      call.get(30, TimeUnit.SECONDS);
      closing.get(30, TimeUnit.SECONDS);
      assertEquals(3, result.completedScales());
    } finally {
      go.countDown();
      threads.shutdown();
    }
    assertThrows(IllegalStateException.class, () -> session.locate(image(1), expression, result));
    assertThrows(IllegalStateException.class, () -> model.openSession(SessionOptions.defaults()));
    session.close();
  }

  @Test
  void sessionsOnManyThreadsFindTheSame() throws Exception {
    session.locate(image(1), expression, result);
    NormalizedBox expected = result.normalizedBox();
    Callable<List<NormalizedBox>> caller =
        () -> {
          List<NormalizedBox> boxes = new ArrayList<>();
          try (Session own = model.openSession(SessionOptions.builder().threads(1).build())) {
            SessionResult mine = own.newResult();
            for (int call = 0; call < 10; call++) {
              own.locate(image(1), call % 2 == 0 ? expression : model.encode(TEXT), mine);
              boxes.add(mine.normalizedBox());
            }
          }
          return boxes;
        };
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (Future<List<NormalizedBox>> boxes :
          threads.invokeAll(List.of(caller, caller, caller, caller))) {
        for (NormalizedBox box : boxes.get()) {
          assertBoxes(expected, box);
        }
      }
    } finally {
      threads.shutdown();
    }
  }
}
