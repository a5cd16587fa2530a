package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.reference.GoldenCase;
import org.scanformer.reference.RandomModel;

/**
 * The ways to choose matrix products, emulated: golden cases by our own and by cuBLAS's alone (all
 * other emulated tests mix them), and choices by time.
 */
@Tag("emulation")
class EmulatedProductsTest {
  private static final String MATMUL = "org.scanformer.cuda.matmul";
  private static final String CHOICES = "org.scanformer.cuda.matmulChoices";

  /** Emulated devices do not tell how large their L2 cache is. */
  private static final String L2_BYTES = "org.scanformer.cuda.l2Bytes";

  @TempDir Path directory;

  private String before;

  @BeforeEach
  void keep() {
    before = System.getProperty(MATMUL);
    System.setProperty(L2_BYTES, "0");
  }

  @AfterEach
  void restore() {
    System.clearProperty(CHOICES);
    System.clearProperty(L2_BYTES);
    if (before == null) {
      System.clearProperty(MATMUL);
    } else {
      System.setProperty(MATMUL, before);
    }
  }

  /** Each case once in each way, the precisions in turn. */
  static Stream<Arguments> waysCasesAndPrecisions() throws Exception {
    List<Precision> precisions = List.of(Precision.BF16, Precision.TF32, Precision.FP16);
    List<GoldenCase> cases = GoldenCase.all();
    return IntStream.range(0, cases.size())
        .boxed()
        .flatMap(
            i -> {
              Precision precision = precisions.get(i % precisions.size());
              double tolerance = precision == Precision.BF16 ? 2e-2 : 3e-3;
              return Stream.of("own", "cublas")
                  .map(way -> Arguments.of(way, cases.get(i), precision, tolerance));
            });
  }

  @ParameterizedTest(name = "{0}, {1}, {2}")
  @MethodSource("waysCasesAndPrecisions")
  void goldenCasesAgreeInEachWay(
      String way, GoldenCase golden, Precision precision, double tolerance) {
    System.setProperty(MATMUL, way);
    GoldenRun.checkUnderTheSameMasks(
        golden, BackendKind.CUDA, precision, Schedule.FINAL_ONLY, tolerance);
  }

  /** A model so small that its products can be timed in the emulation. */
  private ScanFormer load() throws Exception {
    Path directoryOfModel = directory.resolve("model");
    if (Files.notExists(directoryOfModel)) {
      RandomModel.tiny()
          .seed(3)
          .layers(2)
          .encoder1Layers(1)
          .coarseGrid(2)
          .scales(2)
          .write(Files.createDirectory(directoryOfModel));
    }
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CUDA)
            .precision(Precision.FP16)
            .maxBatch(1)
            .build();
    return ScanFormer.load(directoryOfModel, options);
  }

  private NormalizedBox locate() throws Exception {
    try (ScanFormer model = load()) {
      return model.locate(Image.read(GoldenCase.all().get(0).imageFile()), "red").normalizedBox();
    }
  }

  @Test
  void choicesByTimeAreKeptAndUsed() throws Exception {
    Path file = directory.resolve("choices");
    System.setProperty(MATMUL, "timed");
    System.setProperty(CHOICES, file.toString());
    NormalizedBox timed = locate();
    List<String> lines = Files.readAllLines(file);
    assertTrue(lines.stream().anyMatch(line -> line.contains(" | APPEND_KV ")), lines.toString());
    assertTrue(lines.stream().anyMatch(line -> line.contains(" | ADD ")), lines.toString());
    // Each file has choices of its own, as in another process.
    Path copy = Files.copy(file, directory.resolve("copy"));
    System.setProperty(CHOICES, copy.toString());
    assertEquals(timed, locate());
    assertEquals(lines, Files.readAllLines(copy), "what is known is not timed");

    // A file decides: our kernel and the library add up in other orders.
    NormalizedBox byLibrary = locateBy("cublas 0", lines);
    NormalizedBox byOwn = locateBy("own 32 1", lines);
    assertNotEquals(byLibrary, byOwn);
    assertEquals(byLibrary.centerX(), byOwn.centerX(), 3e-3);
  }

  /** With a file that makes one choice for all halves, of which our kernel takes any shape. */
  private NormalizedBox locateBy(String choice, List<String> lines) throws Exception {
    List<String> chosen =
        lines.stream()
            .map(l -> l.contains(" F16 ") ? l.substring(0, l.lastIndexOf("|")) + "| " + choice : l)
            .toList();
    Path file = Files.write(directory.resolve(choice), chosen);
    System.setProperty(CHOICES, file.toString());
    NormalizedBox box = locate();
    assertEquals(chosen, Files.readAllLines(file), "what is known is not timed");
    return box;
  }

  /**
   * Trials write twice the L2 cache, 100 MiB here, into a workspace that has 32 MiB without them.
   */
  @Test
  void whatASessionReservesHasItsWorkspacesInIt() throws Exception {
    System.setProperty(MATMUL, "timed");
    System.setProperty(CHOICES, directory.resolve("choices").toString());
    SessionOptions options = SessionOptions.defaults();
    long ofNoCache;
    try (ScanFormer model = load()) {
      ofNoCache = model.sessionBytes(options);
      assertTrue(ofNoCache > 32 << 20, ofNoCache + " bytes");
    }
    System.setProperty(L2_BYTES, Integer.toString(50 << 20));
    try (ScanFormer model = load()) {
      assertEquals(ofNoCache + (68 << 20), model.sessionBytes(options));
    }
  }

  @Test
  void anUnknownWayIsRefused() {
    System.setProperty(MATMUL, "fast");
    ScanFormerException refused = assertThrows(ScanFormerException.class, () -> locate());
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains("found \"fast\""), refused.getMessage());
  }
}
