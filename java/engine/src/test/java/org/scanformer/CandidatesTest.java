package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.scanformer.internal.engine.Trace;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;
import org.scanformer.reference.ReferenceModel;
import org.scanformer.reference.ReferencePyramid;
import org.scanformer.reference.ReferenceScale;
import org.scanformer.reference.ReferenceScan;
import org.scanformer.reference.ReferenceSelection;

/**
 * The candidates against the float64 run on random models and ragged batches. A case is its seed,
 * which the test's name prints; -Dscanformer.seed=N adds one.
 */
class CandidatesTest {
  private static final double TOLERANCE = 2e-4;
  private static final int REQUESTS = 4;

  @TempDir private Path directory;

  static IntStream seeds() {
    return IntStream.concat(
        IntStream.range(0, 6), IntStream.of(Integer.getInteger("scanformer.seed", 6)));
  }

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  /** What the heads gave for the patches of each request's last scale. */
  private static final class PatchTrace implements Trace {
    final Map<Integer, float[]> boxes = new HashMap<>();
    final Map<Integer, float[]> scores = new HashMap<>();

    @Override
    public void logits(int request, int scale, float[] values) {}

    @Override
    public void reg(int request, int scale, float[] values) {}

    @Override
    public void candidates(int request, int scale, float[] boxValues, float[] scoreValues) {
      boxes.put(request, boxValues);
      scores.put(request, scoreValues);
    }
  }

  /** A request with the float64 run's last scale, and how many candidates it asks for. */
  private record Case(Request request, ReferenceScale expected, int asked) {}

  private ReferenceModel write(Random random, int seed) throws Exception {
    int layers = 2 + random.nextInt(2);
    RandomModel.tiny()
        .seed(seed)
        .hiddenSize(2 * List.of(8, 20, 32).get(random.nextInt(3)))
        .layers(layers)
        .encoder1Layers(1 + random.nextInt(layers - 1))
        .intermediateSize(16 + random.nextInt(100))
        .coarseGrid(1 + random.nextInt(3))
        .scales(1 + random.nextInt(3))
        .scoreHead(random.nextBoolean())
        .candidateHead()
        .write(directory);
    return ReferenceModel.load(directory);
  }

  /** Requests of other sizes and lengths, some with no patch in the last scale, or few. */
  private static Case example(Random random, ReferenceModel reference, int number) {
    BufferedImage image =
        RandomImages.structured(random.nextLong(), 1 + random.nextInt(90), 1 + random.nextInt(90));
    RandomExpression text =
        RandomExpression.of(random.nextLong(), reference.vocabSize, 1 + random.nextInt(8));
    int k = 1 + random.nextInt(30);
    SelectionPolicy selection =
        List.of(SelectionPolicy.all(), SelectionPolicy.topK(k), SelectionPolicy.none())
            .get(number % 3);
    ReferenceSelection same =
        List.of(ReferenceSelection.all(), ReferenceSelection.topK(k), ReferenceSelection.none())
            .get(number % 3);
    List<ReferenceScale> scales =
        ReferenceScan.run(reference, text.ids(), ReferencePyramid.pixels(image), same);
    int asked = number == 0 ? 1000 : random.nextInt(6);
    Request request =
        Request.of(Image.of(image), text.text()).withSelection(selection).withCandidates(asked);
    return new Case(request, scales.get(scales.size() - 1), asked);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void patchesAgreeWithTheFloat64Run(int seed) throws Exception {
    Random random = new Random(seed);
    ReferenceModel reference = write(random, seed);
    List<Case> cases = new ArrayList<>();
    for (int number = 0; number < REQUESTS; number++) {
      cases.add(example(random, reference, number));
    }
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(REQUESTS)
            .build();
    try (ScanFormer model = ScanFormer.load(directory, options)) {
      for (Schedule schedule : Schedule.values()) {
        PatchTrace trace = new PatchTrace();
        List<Location> found =
            model.locate(cases.stream().map(Case::request).toList(), schedule, trace);
        for (int r = 0; r < REQUESTS; r++) {
          check(cases.get(r), found.get(r), trace, r, "request " + r + ", " + schedule);
        }
      }
    }
  }

  private static void check(Case one, Location found, PatchTrace trace, int r, String what) {
    ReferenceScale expected = one.expected();
    assertArrayEquals(expected.box(), values(found.normalizedBox()), TOLERANCE, what);
    float[] boxes = trace.boxes.get(r);
    float[] scores = trace.scores.get(r);
    assertEquals(expected.selected(), scores.length, what);
    List<Candidate> patches = new ArrayList<>();
    for (int p = 0; p < scores.length; p++) {
      String patch = what + ", patch " + p;
      NormalizedBox box =
          new NormalizedBox(boxes[4 * p], boxes[4 * p + 1], boxes[4 * p + 2], boxes[4 * p + 3]);
      assertArrayEquals(expected.patchBoxes()[p], values(box), TOLERANCE, patch);
      assertEquals(expected.patchScores()[p], scores[p], TOLERANCE, patch);
      Image image = one.request().image();
      patches.add(new Candidate(box.toPixels(image.width(), image.height()), box, scores[p]));
    }
    assertEquals(best(patches, one.asked()), found.candidates(), what);
  }

  /** Of the patches in the order of their scores, those that overlap none that was taken before. */
  private static List<Candidate> best(List<Candidate> patches, int most) {
    List<Candidate> best = new ArrayList<>();
    patches.stream()
        .sorted((a, b) -> Float.compare(b.score(), a.score()))
        .filter(
            patch ->
                best.stream()
                    .allMatch(
                        better ->
                            better.normalizedBox().intersectionOverUnion(patch.normalizedBox())
                                < 0.5))
        .forEachOrdered(best::add);
    assertTrue(patches.isEmpty() || !best.isEmpty());
    return best.subList(0, Math.min(most, best.size()));
  }

  private static double[] values(NormalizedBox box) {
    return new double[] {box.centerX(), box.centerY(), box.width(), box.height()};
  }
}
