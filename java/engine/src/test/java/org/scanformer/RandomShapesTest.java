package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;
import org.scanformer.reference.ReferenceModel;
import org.scanformer.reference.ReferencePyramid;
import org.scanformer.reference.ReferenceScale;
import org.scanformer.reference.ReferenceScan;
import org.scanformer.reference.ReferenceSelection;

/**
 * The engine against the dense, unmerged, uncached float64 run on models, images and masks of
 * random shapes. A case is its seed, which the test's name prints; -Dscanformer.seed=N adds one.
 */
class RandomShapesTest {
  private static final double TOLERANCE = 2e-4;
  private static final int CASES = 24;

  @TempDir private Path directory;

  static IntStream seeds() {
    IntStream fixed = IntStream.range(0, CASES);
    Integer more = Integer.getInteger("scanformer.seed");
    return more == null ? fixed : IntStream.concat(fixed, IntStream.of(more));
  }

  /** A random model with what is needed to compare runs of it. */
  private record Setup(
      Random random, RandomModel.Dtype dtype, ReferenceModel reference, Path directory) {}

  private Setup setup(int seed) throws Exception {
    Random random = new Random(seed);
    int headSize = List.of(8, 20, 32, 48).get(random.nextInt(4));
    int heads = 1 + random.nextInt(3);
    int layers = 2 + random.nextInt(3);
    RandomModel.Dtype[] dtypes = RandomModel.Dtype.values();
    RandomModel.Dtype dtype = dtypes[random.nextInt(dtypes.length)];
    boolean scores;
    RandomModel model =
        RandomModel.tiny()
            .seed(seed)
            .dtype(dtype)
            .hiddenSize(heads * headSize)
            .heads(heads)
            .layers(layers)
            .encoder1Layers(1 + random.nextInt(layers - 1))
            .intermediateSize(16 + random.nextInt(100))
            .patchSize(List.of(1, 4, 7, 8).get(random.nextInt(4)))
            .coarseGrid(1 + random.nextInt(3))
            .scales(1 + random.nextInt(4))
            .resize(random.nextBoolean() ? "aspect" : "stretch")
            .positionGrid(1 + random.nextInt(6))
            .scoreHead(scores = random.nextBoolean())
            .selectionThreshold(0.2 + 0.6 * random.nextDouble());
    if (scores) {
      model.scoreCalibration(0.5 * layers, layers - 3);
    }
    if (random.nextInt(3) == 0) {
      model.viltPrefix();
    }
    model.write(directory);
    return new Setup(random, dtype, ReferenceModel.load(directory), directory);
  }

  private static BufferedImage image(Random random) {
    int width = 1 + random.nextInt(90);
    int height = random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1 + random.nextInt(90);
    return RandomImages.structured(random.nextLong(), width, height);
  }

  /**
   * Masks for the finer scales: no, all, all but one or a random share of the patches, nested or
   * not.
   */
  private static List<PatchMask> masks(Random random, ReferenceModel model, BufferedImage image) {
    ReferencePyramid pyramid = new ReferencePyramid(model, ReferencePyramid.pixels(image));
    List<PatchMask> masks = new ArrayList<>();
    for (int s = 0; s < model.scales; s++) {
      byte[] mask = new byte[pyramid.rows(s) * pyramid.cols(s)];
      double share = s == 0 ? 2 : List.of(0.0, 2.0, 2.0, 0.3, 0.7).get(random.nextInt(5));
      for (int i = 0; i < mask.length; i++) {
        mask[i] = (byte) (random.nextDouble() < share ? 1 : 0);
      }
      if (s > 0 && share == 2 && random.nextBoolean()) {
        mask[random.nextInt(mask.length)] = 0; // one discarded patch: a constant token of count 1
      }
      masks.add(PatchMask.of(pyramid.rows(s), pyramid.cols(s), mask));
    }
    return masks;
  }

  private static ReferenceSelection selection(List<PatchMask> masks) {
    boolean[][] finer = new boolean[masks.size() - 1][];
    for (int s = 1; s < masks.size(); s++) {
      PatchMask mask = masks.get(s);
      byte[] bytes = mask.toBytes();
      finer[s - 1] = new boolean[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        finer[s - 1][i] = bytes[i] != 0;
      }
    }
    return ReferenceSelection.masks(finer);
  }

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  private ScanFormer load(Path directory, int maxBatch, Precision precision) {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(precision)
            .maxBatch(maxBatch)
            .build());
  }

  private static void assertAgrees(
      List<ReferenceScale> expected, Location found, double tolerance, String what) {
    for (int s = 0; s < expected.size(); s++) {
      ScaleResult scale = found.scales().get(s);
      String at = what + ", scale " + s;
      assertEquals(GoldenRun.mask(expected.get(s)), scale.mask(), at);
      if (scale.box() != null) {
        assertArrayEquals(expected.get(s).box(), values(scale.box()), tolerance, at);
        assertEquals(expected.get(s).score(), scale.score(), tolerance, at);
      }
    }
  }

  private static double[] values(NormalizedBox box) {
    return new double[] {box.centerX(), box.centerY(), box.width(), box.height()};
  }

  /**
   * Merged and cached equals every discarded patch kept as a copy, for both schedules, in a batch
   * of any make-up.
   */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void batchesAgreeWithTheFloat64RunInAnyOrder(int seed) throws Exception {
    Setup setup = setup(seed);
    Random random = setup.random();
    List<Request> requests = new ArrayList<>();
    List<List<ReferenceScale>> expected = new ArrayList<>();
    try (ScanFormer scanFormer = load(setup.directory(), 3, Precision.FP32)) {
      for (int r = 0; r < 4; r++) {
        BufferedImage image = image(random);
        RandomExpression text =
            RandomExpression.of(
                random.nextLong(), setup.reference().vocabSize, 1 + random.nextInt(8));
        List<PatchMask> masks = masks(random, setup.reference(), image);
        expected.add(
            ReferenceScan.run(
                setup.reference(), text.ids(), ReferencePyramid.pixels(image), selection(masks)));
        Image pixels = Image.of(image);
        Request request =
            random.nextBoolean()
                ? Request.of(pixels, text.text())
                : Request.of(pixels, scanFormer.encode(text.text()));
        requests.add(request.withSelection(SelectionPolicy.masks(masks)));
      }
      List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3));
      for (Schedule schedule : Schedule.values()) {
        Collections.shuffle(order, random);
        List<Location> found =
            scanFormer.locate(order.stream().map(requests::get).toList(), schedule);
        for (int i = 0; i < order.size(); i++) {
          assertAgrees(
              expected.get(order.get(i)),
              found.get(i),
              TOLERANCE,
              schedule + ", request " + order.get(i) + ", " + setup.dtype());
        }
      }
      for (int r = 0; r < requests.size(); r++) {
        assertAgrees(
            expected.get(r), scanFormer.locate(requests.get(r)), TOLERANCE, "alone, request " + r);
      }
    }
  }

  /**
   * The model's own selection, by threshold and by rank. Cases too close to call are few: their
   * logits are continuous.
   */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void selectionAgreesWithTheFloat64Run(int seed) throws Exception {
    Setup setup = setup(1000 + seed);
    Random random = setup.random();
    BufferedImage image = image(random);
    RandomExpression text = RandomExpression.of(seed, setup.reference().vocabSize, 5);
    int k = 1 + random.nextInt(20);
    try (ScanFormer scanFormer = load(setup.directory(), 1, Precision.FP32)) {
      Request request = Request.of(Image.of(image), text.text());
      check(
          setup,
          image,
          text,
          scanFormer,
          request,
          ReferenceSelection.threshold(setup.reference().selectionThreshold));
      check(
          setup,
          image,
          text,
          scanFormer,
          request.withSelection(SelectionPolicy.topK(k)),
          ReferenceSelection.topK(k));
      check(
          setup,
          image,
          text,
          scanFormer,
          request.withSelection(SelectionPolicy.all()),
          ReferenceSelection.all());
      check(
          setup,
          image,
          text,
          scanFormer,
          request.withSelection(SelectionPolicy.none()),
          ReferenceSelection.none());
    }
  }

  private static void check(
      Setup setup,
      BufferedImage image,
      RandomExpression text,
      ScanFormer scanFormer,
      Request request,
      ReferenceSelection selection) {
    List<ReferenceScale> expected =
        ReferenceScan.run(setup.reference(), text.ids(), ReferencePyramid.pixels(image), selection);
    for (Schedule schedule : Schedule.values()) {
      Location found = scanFormer.locate(List.of(request), schedule).get(0);
      assertAgrees(expected, found, TOLERANCE, schedule + ", " + request.selection());
    }
  }

  /**
   * One session, call after call with other counts of the same rounded size: what a backend has
   * recorded of an earlier call must not depend on that call's counts.
   */
  @Test
  void callsOfEqualShapeAgreeWhateverWasSelectedBefore() throws Exception {
    RandomModel.tiny().seed(11).coarseGrid(2).scales(3).resize("stretch").write(directory);
    ReferenceModel reference = ReferenceModel.load(directory);
    Random random = new Random(11);
    try (ScanFormer scanFormer = load(directory, 1, Precision.FP32)) {
      for (int call = 0; call < 6; call++) {
        BufferedImage image = image(random);
        RandomExpression text = RandomExpression.of(random.nextLong(), reference.vocabSize, 6);
        List<PatchMask> masks =
            List.of(
                PatchMask.all(2, 2),
                randomMask(random, 4, 3 + random.nextInt(12)),
                randomMask(random, 8, 17 + random.nextInt(14)));
        List<ReferenceScale> expected =
            ReferenceScan.run(
                reference, text.ids(), ReferencePyramid.pixels(image), selection(masks));
        Request request =
            Request.of(Image.of(image), text.text()).withSelection(SelectionPolicy.masks(masks));
        for (Schedule schedule : Schedule.values()) {
          Location found = scanFormer.locate(List.of(request), schedule).get(0);
          assertAgrees(expected, found, TOLERANCE, "call " + call + ", " + schedule);
        }
      }
    }
  }

  private static PatchMask randomMask(Random random, int side, int selected) {
    List<Integer> patches = new ArrayList<>(IntStream.range(0, side * side).boxed().toList());
    Collections.shuffle(patches, random);
    byte[] mask = new byte[side * side];
    patches.subList(0, selected).forEach(i -> mask[i] = 1);
    return PatchMask.of(side, side, mask);
  }

  /** Grids of one row, where positions are taken at index 0 and a scale has 1 x g patches. */
  @Test
  void veryWideAndVeryTallImagesAgree() throws Exception {
    RandomModel.tiny().seed(7).coarseGrid(4).scales(3).resize("aspect").write(directory);
    ReferenceModel reference = ReferenceModel.load(directory);
    RandomExpression text = RandomExpression.of(7, reference.vocabSize, 4);
    try (ScanFormer scanFormer = load(directory, 1, Precision.FP32)) {
      for (int[] size : new int[][] {{200, 3}, {3, 200}, {1, 1}, {64, 1}}) {
        BufferedImage image = RandomImages.structured(size[0], size[0], size[1]);
        List<ReferenceScale> expected =
            ReferenceScan.run(
                reference,
                text.ids(),
                ReferencePyramid.pixels(image),
                ReferenceSelection.threshold(reference.selectionThreshold));
        int narrow = Math.min(expected.get(0).rows(), expected.get(0).cols());
        assertEquals(size[0] == size[1] ? 4 : 1, narrow, "patches on the short side");
        Location found = scanFormer.locate(Image.of(image), text.text());
        assertAgrees(expected, found, TOLERANCE, size[0] + " x " + size[1]);
      }
    }
  }
}
