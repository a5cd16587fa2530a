package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** The public API's contract, with the small demo model. */
class ScanFormerTest {
  private static final Path MODEL = Path.of("src", "test", "resources", "example-model");
  private static final String TEXT = "the little purple square";

  private static ScanFormer scanFormer;
  private static Image scene;

  @BeforeAll
  static void load() throws Exception {
    scanFormer = ScanFormer.load(MODEL, options().maxBatch(3).build());
    scene = Image.read(Path.of(ScanFormerTest.class.getResource("/scenes/00.png").toURI()));
  }

  @AfterAll
  static void close() {
    scanFormer.close();
  }

  private static ScanFormerOptions.Builder options() {
    return ScanFormerOptions.builder().backend(BackendKind.CPU);
  }

  private static void assertFailure(ErrorCode code, String message, Runnable call) {
    ScanFormerException e = assertThrows(ScanFormerException.class, call::run);
    assertEquals(code, e.code(), e.getMessage());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  /** A list that gives another request the second time. */
  @Test
  void runsTheRequestsThatWereChecked() {
    Request good = Request.of(scene, "red");
    Request huge =
        good.withSelection(
            SelectionPolicy.masks(List.of(PatchMask.all(300, 300), PatchMask.all(600, 600))));
    Location expected = scanFormer.locate(good);
    for (int changes = 1; changes < 4; changes++) {
      int after = changes;
      int[] asked = new int[1];
      List<Request> changing =
          new AbstractList<>() {
            @Override
            public Request get(int index) {
              return asked[0]++ < after ? good : huge;
            }

            @Override
            public int size() {
              return 1;
            }
          };
      assertEquals(expected.box(), scanFormer.locate(changing).get(0).box());
    }
  }

  @Test
  void anEncodedExpressionGivesTheSameAnswerAsItsText() {
    NormalizedBox fromText = scanFormer.locate(scene, TEXT).normalizedBox();
    try (Expression expression = scanFormer.encode(TEXT)) {
      for (int i = 0; i < 3; i++) {
        assertClose(fromText, scanFormer.locate(scene, expression).normalizedBox());
      }
    }
  }

  @Test
  void aListLongerThanTheBatchIsAnsweredInOrder() {
    List<String> texts =
        List.of(TEXT, "the red circle", TEXT, "a star", "the blue box", "the red circle", TEXT);
    List<Request> requests = texts.stream().map(text -> Request.of(scene, text)).toList();
    List<Location> together = scanFormer.locate(requests);
    assertEquals(texts.size(), together.size());
    for (int i = 0; i < texts.size(); i++) {
      assertClose(
          scanFormer.locate(scene, texts.get(i)).normalizedBox(), together.get(i).normalizedBox());
    }
  }

  @Test
  void anEmptyListHasNoAnswers() {
    assertEquals(List.of(), scanFormer.locate(List.of()));
  }

  @Test
  void theDefaultScheduleHasOneBoxAndPerScaleHasOneForEach() {
    List<ScaleResult> scales = scanFormer.locate(scene, TEXT).scales();
    assertEquals(3, scales.size());
    assertTrue(scales.get(0).box() == null && scales.get(1).box() == null);
    assertFalse(scales.get(2).box() == null);
    Location perScale =
        scanFormer.locate(List.of(Request.of(scene, TEXT)), Schedule.PER_SCALE).get(0);
    assertTrue(perScale.scales().stream().allMatch(s -> s.box() != null && s.nanos() > 0));
    assertEquals(Schedule.PER_SCALE, perScale.schedule());
    assertEquals(BackendKind.CPU, perScale.backend());
    assertEquals(Precision.FP32, perScale.precision());
  }

  @Test
  void selectionPoliciesSelectWhatTheySay() {
    Request request = Request.of(scene, TEXT);
    Location all = scanFormer.locate(request.withSelection(SelectionPolicy.all()));
    all.scales().forEach(scale -> assertEquals(scale.mask().total(), scale.mask().count()));
    Location none = scanFormer.locate(request.withSelection(SelectionPolicy.none()));
    assertEquals(0, none.scales().get(1).mask().count());
    assertEquals(0, none.scales().get(2).mask().count());
    Location top = scanFormer.locate(request.withSelection(SelectionPolicy.topK(5)));
    assertEquals(5, top.scales().get(1).mask().count());
    assertEquals(5, top.scales().get(2).mask().count());
    Location strict = scanFormer.locate(request.withSelection(SelectionPolicy.threshold(0.9)));
    Location lenient = scanFormer.locate(request.withSelection(SelectionPolicy.threshold(0.01)));
    assertTrue(strict.scales().get(1).mask().count() <= lenient.scales().get(1).mask().count());
    List<PatchMask> masks = top.scales().stream().map(ScaleResult::mask).toList();
    Location given = scanFormer.locate(request.withSelection(SelectionPolicy.masks(masks)));
    assertEquals(masks, given.scales().stream().map(ScaleResult::mask).toList());
    assertClose(top.normalizedBox(), given.normalizedBox());
  }

  @Test
  void childrenOfDiscardedPatchesAreDiscarded() {
    Location location = scanFormer.locate(scene, TEXT);
    PatchMask parents = location.scales().get(1).mask();
    PatchMask children = location.scales().get(2).mask();
    for (int i = 0; i < children.rows(); i++) {
      for (int j = 0; j < children.cols(); j++) {
        assertTrue(!children.isSelected(i, j) || parents.isSelected(i / 2, j / 2));
      }
    }
  }

  @Test
  void pixelBuffersOnAndOffTheHeapGiveTheSameAnswer() {
    int width = scene.width();
    int height = scene.height();
    byte[] rgb = new byte[3 * width * height];
    java.util.Random random = new java.util.Random(5);
    random.nextBytes(rgb);
    ByteBuffer direct = ByteBuffer.allocateDirect(rgb.length + 7).position(7);
    direct.put(rgb).position(7);
    Image heapImage = Image.of(ByteBuffer.wrap(rgb), PixelFormat.RGB, width, height);
    Image directImage = Image.of(direct, PixelFormat.RGB, width, height);
    assertEquals(
        scanFormer.locate(heapImage, TEXT).normalizedBox(),
        scanFormer.locate(directImage, TEXT).normalizedBox());
  }

  @Test
  void blankExpressionsAreRefused() {
    for (String blank : List.of("", "  ", "\t\n")) {
      assertFailure(ErrorCode.BAD_INPUT, "blank", () -> scanFormer.locate(scene, blank));
      assertFailure(ErrorCode.BAD_INPUT, "blank", () -> scanFormer.encode(blank));
    }
    assertFailure(
        ErrorCode.BAD_INPUT,
        "Request 1 of 2",
        () -> scanFormer.locate(List.of(Request.of(scene, TEXT), Request.of(scene, " "))));
  }

  @Test
  void masksThatDoNotFitAreRefused() {
    Request request = Request.of(scene, TEXT);
    List<PatchMask> fitting =
        scanFormer.locate(request).scales().stream().map(ScaleResult::mask).toList();
    assertFailure(
        ErrorCode.BAD_INPUT,
        "3 scales, found 2",
        () ->
            scanFormer.locate(request.withSelection(SelectionPolicy.masks(fitting.subList(0, 2)))));
    List<PatchMask> wrongSize = new ArrayList<>(fitting);
    wrongSize.set(1, PatchMask.all(1, 7));
    assertFailure(
        ErrorCode.BAD_INPUT,
        "found 1 x 7",
        () -> scanFormer.locate(request.withSelection(SelectionPolicy.masks(wrongSize))));
    List<PatchMask> coarseHoles = new ArrayList<>(fitting);
    coarseHoles.set(0, PatchMask.none(fitting.get(0).rows(), fitting.get(0).cols()));
    assertFailure(
        ErrorCode.BAD_INPUT,
        "scale 0 must select all",
        () -> scanFormer.locate(request.withSelection(SelectionPolicy.masks(coarseHoles))));
  }

  @Test
  void anExpressionOfAnotherModelIsRefused() {
    try (ScanFormer other = ScanFormer.load(MODEL, options().maxBatch(1).build());
        Expression expression = other.encode(TEXT)) {
      assertFailure(
          ErrorCode.BAD_INPUT, "another model", () -> scanFormer.locate(scene, expression));
    }
  }

  /** What an application puts in an expression's place. */
  private record FakeExpression(String text, int tokens) implements Expression {
    @Override
    public void close() {
      // It holds nothing.
    }
  }

  @Test
  void anExpressionThatNoModelEncodedIsRefused() {
    Expression fake = new FakeExpression(TEXT, 7);
    String message = "FakeExpression, expected one that a model's encode returned";
    assertFailure(ErrorCode.BAD_INPUT, message, () -> scanFormer.locate(scene, fake));
    try (Session session = scanFormer.openSession(SessionOptions.defaults())) {
      SessionResult result = session.newResult();
      assertFailure(ErrorCode.BAD_INPUT, message, () -> session.locate(scene, fake, result));
    }
    try (Batcher batcher = scanFormer.openBatcher(BatcherOptions.defaults())) {
      CompletionException failed =
          assertThrows(
              CompletionException.class, () -> batcher.submit(Request.of(scene, fake)).join());
      ScanFormerException refused = assertInstanceOf(ScanFormerException.class, failed.getCause());
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
  }

  @Test
  void anExpressionTellsItsTextAndTokens() {
    try (Expression expression = scanFormer.encode("a star")) {
      assertEquals("a star", expression.text());
      assertEquals(4, expression.tokens(), "with [CLS] and [SEP]");
    }
  }

  @Test
  void useAfterCloseIsAnIllegalState() {
    Expression closed = scanFormer.encode(TEXT);
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, () -> scanFormer.locate(scene, closed));
    ScanFormer engine = ScanFormer.load(MODEL, options().maxBatch(1).build());
    Expression expression = engine.encode(TEXT);
    engine.close();
    engine.close();
    assertThrows(IllegalStateException.class, () -> engine.locate(scene, TEXT));
    assertThrows(IllegalStateException.class, () -> engine.encode(TEXT));
    assertThrows(IllegalStateException.class, () -> engine.locate(scene, expression));
    expression.close();
  }

  @Test
  void manyThreadsGetTheAnswersOfOne() throws Exception {
    NormalizedBox expected = scanFormer.locate(scene, TEXT).normalizedBox();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Expression expression = scanFormer.encode(TEXT)) {
      List<Future<NormalizedBox>> answers = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        boolean encoded = i % 2 == 0;
        answers.add(
            threads.submit(
                () ->
                    (encoded
                            ? scanFormer.locate(scene, expression)
                            : scanFormer.locate(scene, TEXT))
                        .normalizedBox()));
      }
      for (Future<NormalizedBox> answer : answers) {
        assertClose(expected, answer.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void loadingAndClosingOverAndOverKeepsNothing() throws Exception {
    for (int i = 0; i < 20; i++) {
      loadLocateClose();
    }
    long before = residentBytes();
    assumeFalse(before < 0, "no /proc/self/statm here");
    for (int i = 0; i < 60; i++) {
      loadLocateClose();
    }
    long grown = residentBytes() - before;
    // The weights alone are 5.5 MB an engine: 60 engines that leak them are 330 MB. Buffers that
    // the garbage collector
    // has not freed yet make this vary by some tens of MB.
    assertTrue(grown < 120_000_000, "resident memory grew by " + grown + " bytes");
  }

  private static void loadLocateClose() {
    try (ScanFormer engine = ScanFormer.load(MODEL, options().maxBatch(1).build())) {
      engine.locate(scene, TEXT);
    }
  }

  private static long residentBytes() throws Exception {
    Path statm = Path.of("/proc/self/statm");
    if (!java.nio.file.Files.exists(statm)) {
      return -1;
    }
    System.gc();
    Thread.sleep(100);
    return Long.parseLong(java.nio.file.Files.readString(statm).split(" ")[1]) * 4096;
  }

  @Test
  void whatCannotBeHadIsRefusedWithTheReason() {
    assertFailure(
        ErrorCode.UNSUPPORTED,
        "CUDA device 0 is not usable: ",
        () -> ScanFormer.load(MODEL, options().backend(BackendKind.CUDA).build()));
    assertFailure(
        ErrorCode.UNSUPPORTED,
        "fp32 or bf16, found FP16",
        () -> ScanFormer.load(MODEL, options().precision(Precision.FP16).build()));
    assertFailure(
        ErrorCode.BAD_MODEL,
        "no-such-directory",
        () -> ScanFormer.load(Path.of("no-such-directory"), options().build()));
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheBytesNeededAndAvailable(@TempDir Path directory)
      throws Exception {
    // A finest canvas of 4096 x 4096 pixels takes 268 MB with its pyramid; 4096 of them take a
    // terabyte.
    RandomModel.tiny().patchSize(64).coarseGrid(16).scales(3).write(directory);
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () -> ScanFormer.load(directory, options().maxBatch(4096).build()));
    assertEquals(ErrorCode.OUT_OF_MEMORY, e.code());
    assertTrue(
        e.getMessage().matches("(?s).*needs \\d+ bytes, \\d+ are available on the CPU.*"),
        e.getMessage());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertFailure(ErrorCode.BAD_INPUT, "maxBatch must be 1", () -> options().maxBatch(0));
    assertFailure(ErrorCode.BAD_INPUT, "threads must be 0", () -> options().threads(-1));
    assertFailure(ErrorCode.BAD_INPUT, "device must be 0", () -> options().device(-1));
    assertFailure(ErrorCode.BAD_INPUT, "found 1.0", () -> SelectionPolicy.threshold(1));
    assertFailure(ErrorCode.BAD_INPUT, "found NaN", () -> SelectionPolicy.threshold(Double.NaN));
    assertFailure(ErrorCode.BAD_INPUT, "found -1", () -> SelectionPolicy.topK(-1));
  }

  @Test
  void devicesNameTheCpuAndEveryReasonAgainstTheRest() {
    List<DeviceReport> devices = ScanFormer.devices();
    assertTrue(
        devices.stream().anyMatch(d -> d.backend() == BackendKind.CPU && d.usable()), "" + devices);
    devices.forEach(device -> assertFalse(device.details().isEmpty(), "" + device));
  }

  @Test
  void inspectCountsWhatTheModelHolds() {
    ModelInfo info = ScanFormer.inspect(MODEL, options().maxBatch(1).build());
    assertEquals(128, info.config().get("hidden_size"));
    // The safetensors file is 4 bytes a parameter after its header.
    long fileBytes = MODEL.resolve("model.safetensors").toFile().length();
    assertTrue(
        info.parameters() * 4 < fileBytes && info.parameters() * 4 > fileBytes - 20_000,
        info.parameters() + " parameters in " + fileBytes + " bytes");
    assertEquals(3, info.scales().size());
    assertTrue(info.memoryBytes() > info.parameters() * 4);
    assertTrue(info.scales().get(2).flops() > info.scales().get(1).flops());
  }

  private static void assertClose(NormalizedBox expected, NormalizedBox found) {
    assertEquals(expected.centerX(), found.centerX(), 2e-5);
    assertEquals(expected.centerY(), found.centerY(), 2e-5);
    assertEquals(expected.width(), found.width(), 2e-5);
    assertEquals(expected.height(), found.height(), 2e-5);
  }
}
