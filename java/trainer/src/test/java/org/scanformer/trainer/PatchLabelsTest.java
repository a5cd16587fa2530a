package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.Mentions;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** Which object a patch is labelled with where boxes lie within others, as in photographs. */
class PatchLabelsTest {
  private static final int SIDE = 96;
  private static final Box PERSON = new Box(0, 0, SIDE, SIDE);
  private static final Box SHIRT = new Box(16, 16, 64, 64);

  @TempDir private Path directory;

  private record Drawn(String name, int width, int height, List<ImageObject> objects)
      implements ImageSource {
    @Override
    public Image read() {
      return Image.of(ByteBuffer.allocate(3 * width * height), PixelFormat.RGB, width, height);
    }
  }

  private static ReferringPair pair(List<Box> targets) {
    ImageSource image =
        new Drawn(
            "drawn",
            SIDE,
            SIDE,
            List.of(
                new ImageObject(PERSON, "person", null), new ImageObject(SHIRT, "shirt", null)));
    return new ReferringPair("pair", image, "the circle", targets, null, List.of());
  }

  /** The middle is the person's and the shirt's, a corner the person's alone. */
  @Test
  void mentionsAreLabelledWhereTheyAreKnown() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    ReferringPair unknown = pair(List.of(SHIRT));
    ReferringPair known =
        new ReferringPair(
            "known",
            unknown.image(),
            "the circle",
            List.of(),
            null,
            List.of(),
            new Mentions(List.of(SHIRT), List.of(PERSON)));
    try (BatchBuilder builder = builder(config)) {
      // The one in the middle cannot be used, so the next one moves up.
      ImageSource wide = new Drawn("wide", 3 * SIDE, SIDE, List.of());
      ReferringPair bad = new ReferringPair("bad", wide, "the circle", List.of(), null, List.of());
      Batch batch = builder.build(List.of(unknown, bad, known), BatchBuilder.Replacement.NONE);
      assertArrayEquals(new float[] {0, 1}, batch.mentioned);
      Batch.ScaleLabels finest = batch.scales[2];
      int n = finest.rows * finest.cols;
      int middle = finest.rows / 2 * finest.cols + finest.cols / 2;
      assertEquals(2 * n, finest.subjects.length);
      assertEquals(1, finest.target[middle]);
      for (float[] none : List.of(finest.subjects, finest.landmarks)) {
        assertArrayEquals(new float[n], Arrays.copyOf(none, n));
      }
      assertEquals(1, finest.subjects[n + middle]);
      assertEquals(0, finest.subjects[n]);
      assertEquals(1, finest.landmarks[n + middle]);
      assertEquals(1, finest.landmarks[n]);
    }
  }

  /** Of the scene that was drawn before, as if it had been drawn again. */
  @Test
  void pairsOfOneSceneShareItsPixels() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    TrainingData data = new ShapesTrainingData(config, 7, 3, false, 0.4, 1, 3, false);
    List<ReferringPair> pairs = data.batch(5, 0.5);
    assertEquals(7, pairs.size());
    Set<ImageSource> images = new HashSet<>();
    List<ReferringPair> again = new ArrayList<>();
    for (ReferringPair pair : pairs) {
      images.add(pair.image());
      again.add(
          new ReferringPair(
              pair.id(),
              new Copy(pair.image()),
              pair.expression(),
              pair.targets(),
              pair.kind(),
              pair.landmarks(),
              pair.mentions()));
    }
    assertTrue(images.size() <= 4, images.toString());
    try (BatchBuilder builder = builder(config)) {
      Batch shared = builder.build(pairs, BatchBuilder.Replacement.NONE);
      Batch apart = builder.build(again, BatchBuilder.Replacement.NONE);
      for (int s = 0; s < 3; s++) {
        assertArrayEquals(apart.scales[s].pixels, shared.scales[s].pixels);
        assertArrayEquals(apart.scales[s].wanted, shared.scales[s].wanted);
      }
      assertArrayEquals(apart.boxes, shared.boxes);
    }
  }

  private record Copy(ImageSource of) implements ImageSource {
    @Override
    public String name() {
      return of.name();
    }

    @Override
    public int width() {
      return of.width();
    }

    @Override
    public int height() {
      return of.height();
    }

    @Override
    public Image read() {
      return of.read();
    }

    @Override
    public List<ImageObject> objects() {
      return of.objects();
    }
  }

  /**
   * What the target is told apart by, at the scales that select; of an untrue expression all of it.
   */
  @Test
  void landmarksAreWantedAtTheScalesThatSelect() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    Box target = new Box(2, 2, 20, 20);
    Box like = new Box(74, 2, 20, 20);
    Box landmark = new Box(74, 74, 20, 20);
    ImageSource image = new Drawn("drawn", SIDE, SIDE, List.of());
    Mentions mentions = new Mentions(List.of(target, like), List.of(landmark));
    ReferringPair truth =
        new ReferringPair(
            "a", image, "the circle", List.of(target), null, List.of(landmark), mentions);
    ReferringPair untrue =
        new ReferringPair("b", image, "the circle", List.of(), null, List.of(), mentions);
    try (BatchBuilder builder = builder(config)) {
      Batch batch = builder.build(List.of(truth, untrue), BatchBuilder.Replacement.NONE);
      for (int s = 0; s < 3; s++) {
        Batch.ScaleLabels labels = batch.scales[s];
        int n = labels.rows * labels.cols;
        int right = labels.cols - 1;
        int landmarks = s == 0 ? 0 : 1;
        float[] wanted = labels.wanted;
        assertArrayEquals(
            new float[] {1, 0, landmarks}, new float[] {wanted[0], wanted[right], wanted[n - 1]});
        assertArrayEquals(
            new float[] {1, 1, 1}, new float[] {wanted[n], wanted[n + right], wanted[2 * n - 1]});
      }
    }
  }

  /** Three pixels within a patch of 32, of 16 and of 8, and four on the corner of four of each. */
  @Test
  void smallTargetsAreWantedAtEveryScale() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    Box within = new Box(37, 37, 3, 3);
    Box corner = new Box(62, 62, 4, 4);
    try (BatchBuilder builder = builder(config)) {
      Batch batch =
          builder.build(
              List.of(pair(List.of(within)), pair(List.of(corner))), BatchBuilder.Replacement.NONE);
      int[][] expected = {{1, 4}, {1, 4}, {1, 4}};
      for (int s = 0; s < batch.scales.length; s++) {
        Batch.ScaleLabels labels = batch.scales[s];
        int n = labels.rows * labels.cols;
        for (int i = 0; i < 2; i++) {
          int wanted = 0;
          for (int p = i * n; p < (i + 1) * n; p++) {
            wanted += (int) labels.wanted[p];
            assertEquals(labels.wanted[p], labels.target[p]);
          }
          assertEquals(expected[s][i], wanted, "scale " + s + ", pair " + i);
        }
      }
    }
  }

  private BatchBuilder builder(ModelConfig config) throws IOException {
    Path tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    return new BatchBuilder(
        config,
        TextTokenizer.open(tokenizer, config),
        new AuxiliaryHeads(List.of("person", "shirt"), List.of(), ObjectWords.NONE, false),
        new LeftOut(new PrintWriter(System.err)));
  }

  /** Data that says "Shirts" and "shirt" teaches one class. */
  @Test
  void aCategoryIsOneClassInEverySpelling() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    List<ImageObject> objects =
        List.of(
            new ImageObject(PERSON, "shirt", null),
            new ImageObject(SHIRT, "Shirts", null),
            new ImageObject(SHIRT, "Person", null));
    ReferringPair pair =
        new ReferringPair(
            "pair",
            new Drawn("drawn", SIDE, SIDE, objects),
            "the circle",
            List.of(SHIRT),
            null,
            List.of());
    assertEquals(
        List.of("Person", "Shirts"),
        AuxiliaryHeads.of(List.of(ObjectWordsTest.dataset(List.of(pair))), ObjectWords.NONE)
            .categories());
    try (BatchBuilder builder = builder(config)) {
      Batch batch = builder.build(List.of(pair), BatchBuilder.Replacement.NONE);
      for (Batch.ScaleLabels labels : batch.scales) {
        assertTrue(Arrays.stream(labels.categories).allMatch(each -> each == 1));
      }
    }
  }

  @Test
  void theTargetComesBeforeOthersAndTheSmallestBeforeLarger() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    try (BatchBuilder builder = builder(config)) {
      Batch batch =
          builder.build(
              List.of(pair(List.of(PERSON)), pair(List.of(SHIRT)), pair(List.of())),
              BatchBuilder.Replacement.NONE);
      Batch.ScaleLabels finest = batch.scales[2];
      int n = finest.rows * finest.cols;
      int middle = finest.rows / 2 * finest.cols + finest.cols / 2;
      float[] person = {0.5f, 0.5f, 1, 1};
      float[] shirt = {0.5f, 0.5f, 2 / 3f, 2 / 3f};
      int[] expected = {0, 1, 1};
      for (int i = 0; i < 3; i++) {
        assertEquals(expected[i], finest.categories[i * n + middle], "pair " + i);
        // The corner is the person's in any case.
        assertEquals(0, finest.categories[i * n], "pair " + i);
        int place = 4 * (i * n + middle);
        float[] box = Arrays.copyOfRange(finest.patchBoxes, place, place + 4);
        assertArrayEquals(expected[i] == 0 ? person : shirt, box, 1e-6f);
      }
    }
  }
}
