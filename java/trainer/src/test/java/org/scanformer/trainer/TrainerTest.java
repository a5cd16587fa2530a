package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Candidate;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.SafetensorsWriter;
import org.scanformer.internal.model.TextTokenizer;

/** A tiny model is trained for a few steps. */
@SuppressWarnings("try") // scopes and guards work by being open
class TrainerTest {
  private static final int BATCH = 6;
  private static final double SECONDS = 2;
  private static final Device CPU = new Device("cpu");
  private static final List<String> CATEGORIES =
      List.of("circle", "cross", "diamond", "ring", "square", "star", "triangle");
  private static final List<String> COLORS =
      List.of("black", "blue", "green", "orange", "purple", "red", "white", "yellow");

  private static final AuxiliaryHeads HEADS =
      new AuxiliaryHeads(CATEGORIES, COLORS, ObjectWords.NONE, true);

  @TempDir private Path directory;
  private ModelConfig config;
  private TextTokenizer tokenizer;
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeAll
  static void useOneThreadOfOpenBlas() {
    openblas_nolapack.blas_set_num_threads(1);
  }

  @BeforeEach
  void writeConfig() throws IOException {
    config = ModelConfig.read(TinyModel.writeConfig(directory));
    ShapesTokenizer.write(directory.resolve("tokenizer.json"), 16);
    tokenizer = TextTokenizer.open(directory.resolve("tokenizer.json"), config);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : opened) {
      resource.close();
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.add(0, resource);
    return resource;
  }

  private Parameters parameters() {
    Parameters parameters = open(new Parameters(config, HEADS.shapes(config), CPU));
    parameters.initialize(5);
    return parameters;
  }

  private Losses losses(TrainingModel model) {
    return new Losses(model, 0.3, 0, true, HEADS);
  }

  private BatchBuilder builder() {
    return new BatchBuilder(
        config, tokenizer, HEADS, new LeftOut(new java.io.PrintWriter(System.err)));
  }

  private Trainer trainer(Parameters parameters, long steps) {
    return trainer(parameters, steps, new ShapesTrainingData(config, BATCH, 9, false, 0, 1, true));
  }

  private Trainer trainer(Parameters parameters, long steps, TrainingData data) {
    TrainOptions options =
        new TrainOptions(steps, 0, BATCH, 1e-3, 0.01, true, 0.01, false, 2, 9, true);
    TrainingModel model =
        new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    return open(
        new Trainer(options, parameters, model, losses(model), HEADS, data, List.of(builder())));
  }

  private static List<ReferringPair> pairs(int count) {
    ShapesDataset scenes = ShapesDataset.of(Split.VALIDATION, 2, 100, 200);
    List<ReferringPair> pairs = new ArrayList<>();
    for (int i = 0; pairs.size() < count; i++) {
      // One coarse grid, with more patches across than down.
      ReferringPair pair = scenes.pair(i);
      if (pair.image().width() * 10 > pair.image().height() * 13) {
        pairs.add(pair);
      }
    }
    return pairs;
  }

  /** One token with a count is the same function, with the same gradients, as all the copies. */
  @Test
  void mergedEqualsDense() {
    Parameters parameters = parameters();
    Batch batch = open(builder()).build(pairs(BATCH), BatchBuilder.Replacement.NONE);
    double[] totals = new double[2];
    float[][] gradients = new float[2][];
    double[][] shares = new double[2][];
    for (TrainingModel.Form form : TrainingModel.Form.values()) {
      try (PointerScope scope = new PointerScope()) {
        TrainingModel model = new TrainingModel(parameters, CPU, ScalarType.Float, form);
        Losses.Result result = losses(model).of(batch, model.scan(batch, SelectionRule.above(0)));
        parameters.gradients().zero_();
        result.total().backward();
        totals[form.ordinal()] = result.total().item_double();
        gradients[form.ordinal()] = Torch.floats(parameters.gradients());
        shares[form.ordinal()] = result.selectedShare();
      }
    }
    assertTrue(shares[0][1] > 0.1 && shares[0][1] < 0.9, "share " + shares[0][1]);
    assertTrue(shares[0][2] > 0, "share " + shares[0][2]);
    assertArrayEquals(shares[0], shares[1]);
    assertEquals(totals[0], totals[1], 1e-4);
    double largest = 0;
    for (float g : gradients[0]) {
      largest = Math.max(largest, Math.abs(g));
    }
    for (int i = 0; i < gradients[0].length; i++) {
      assertEquals(gradients[0][i], gradients[1][i], 1e-5 * largest, "gradient " + i);
    }
  }

  /** The selection's gradient through the patch embedding is not zero. */
  @Test
  void selectionLearnsThroughTheBoxes() {
    Parameters parameters = parameters();
    Batch batch = open(builder()).build(pairs(BATCH), BatchBuilder.Replacement.NONE);
    try (PointerScope scope = new PointerScope()) {
      TrainingModel model =
          new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
      Scan scan = model.scan(batch, SelectionRule.above(0));
      parameters.gradients().zero_();
      scan.boxes.narrow(1, 2, 1).sum().backward();
      float[] gradient =
          Torch.floats(parameters.part(parameters.gradients(), "selection_head.out_proj.weight"));
      double norm = 0;
      for (float g : gradient) {
        norm += g * g;
      }
      assertTrue(norm > 0);
    }
  }

  @Test
  void trainsWhereNoPatchIsSelected() {
    Trainer trainer = trainer(parameters(), 1);
    trainer.selectBy(step -> SelectionRule.above(50));
    List<Trainer.StepReport> reports = new ArrayList<>();
    trainer.run(() -> false, reports::add);
    assertTrue(Double.isFinite(reports.get(0).loss()), reports.toString());
    assertArrayEquals(new double[] {1, 0, 0}, reports.get(0).selectedShare());
  }

  @Test
  void engineGivesTheTrainersBoxes() throws IOException {
    Parameters parameters = parameters();
    Trainer trainer = trainer(parameters, 6);
    trainer.run(() -> false, report -> assertTrue(Double.isFinite(report.loss())));
    assertEquals(6, trainer.step());
    Path model = directory.resolve("model");
    ModelExport.write(
        parameters, parameters.values(), 0.5, null, directory.resolve("tokenizer.json"), model);

    List<ReferringPair> pairs = pairs(BATCH);
    Batch batch = open(builder()).build(pairs, BatchBuilder.Replacement.NONE);
    ScanFormerOptions options =
        ScanFormerOptions.builder().schedule(Schedule.PER_SCALE).maxBatch(BATCH).build();
    try (NoGradGuard guard = new NoGradGuard();
        PointerScope scope = new PointerScope();
        ScanFormer engine = ScanFormer.load(model, options)) {
      for (boolean everything : new boolean[] {true, false}) {
        TrainingModel network =
            new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
        Scan scan =
            network.scan(batch, everything ? SelectionRule.EVERYTHING : SelectionRule.above(0));
        float[] boxes = Torch.floats(scan.boxes);
        float[] finest = scan.scales[2].selected();
        for (int i = 0; i < BATCH; i++) {
          Image image = pairs.get(i).image().read();
          Location location =
              engine.locate(
                  Request.of(image, pairs.get(i).expression())
                      .withCandidates(1)
                      .withSelection(
                          everything ? SelectionPolicy.all() : SelectionPolicy.checkpoint()));
          byte[] mask = location.scales().get(2).mask().toBytes();
          for (int p = 0; p < mask.length; p++) {
            assertEquals(finest[i * mask.length + p], mask[p], "pair " + i + " patch " + p);
          }
          for (int s = 0; s < 3; s++) {
            NormalizedBox box = location.scales().get(s).box();
            float[] own = {box.centerX(), box.centerY(), box.width(), box.height()};
            for (int j = 0; j < 4; j++) {
              assertEquals(boxes[(i * 3 + s) * 4 + j], own[j], 2e-4, "pair " + i + " scale " + s);
            }
          }
          assertBestPatch(network, scan, i, mask.length, location.candidates().get(0));
        }
      }
    }
  }

  /** The head that grounds patches in training ranks the engine's candidates. */
  private static void assertBestPatch(
      TrainingModel network, Scan scan, int pair, int patches, Candidate found) {
    int[] places = scan.scales[2].patches();
    float[] logits = Torch.floats(network.auxiliary(scan.patches[2], Parameters.TARGET_MAP));
    float[] boxes = Torch.floats(network.boxes(scan.patches[2]));
    int best = -1;
    for (int row = 0; row < places.length; row++) {
      boolean own = places[row] / patches == pair;
      best = own && (best < 0 || logits[row] > logits[best]) ? row : best;
    }
    assertEquals(1 / (1 + Math.exp(-logits[best])), found.score(), 2e-4);
    List<Float> box = found.normalizedBox().toList();
    for (int j = 0; j < 4; j++) {
      assertEquals(boxes[4 * best + j], box.get(j), 2e-4, "pair " + pair);
    }
  }

  @Test
  void aResumedRunGoesOnAsIfItHadNotStopped() throws IOException {
    Path checkpoint = directory.resolve("checkpoint.safetensors");
    Parameters whole = parameters();
    Trainer without = trainer(whole, 6);
    without.run(() -> false, report -> {});

    Parameters first = parameters();
    Trainer stopped = trainer(first, 6);
    stopped.run(() -> stopped.step() == 3, report -> {});
    assertEquals(3, stopped.step());
    stopped.save(checkpoint);

    Parameters second = parameters();
    Trainer resumed = trainer(second, 6);
    resumed.restore(checkpoint);
    assertEquals(3, resumed.step());
    resumed.run(() -> false, report -> {});
    assertArrayEquals(Torch.floats(whole.values()), Torch.floats(second.values()));
    assertArrayEquals(Torch.floats(without.average()), Torch.floats(resumed.average()));
  }

  /** Data of other categories, or a later version, has other heads; the rest goes on. */
  @Test
  void headsOfOtherClassesBeginAnew() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters before = parameters();
    Trainer trained = trainer(before, 3);
    trained.run(() -> false, report -> {});
    trained.save(file);
    List<String> renamed = new ArrayList<>(CATEGORIES);
    renamed.set(2, "lozenge");
    AuxiliaryHeads others = new AuxiliaryHeads(renamed, COLORS, ObjectWords.NONE, false);
    Parameters after = open(new Parameters(config, others.shapes(config), CPU));
    after.initialize(6);
    TrainingModel model =
        new TrainingModel(after, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    Trainer resumed =
        open(
            new Trainer(
                new TrainOptions(6, 0, BATCH, 1e-3, 0.01, true, 0.01, false, 2, 9, true),
                after,
                model,
                new Losses(model, 0.3, 0, true, others),
                others,
                new ShapesTrainingData(config, BATCH, 9, false, 0, 1, true),
                List.of(builder())));
    assertEquals(Set.of("category"), resumed.restore(file));
    assertEquals(3, resumed.step());
    for (String name : after.shapes().keySet()) {
      float[] values = Torch.floats(after.part(after.values(), name));
      float[] average = Torch.floats(after.part(resumed.average(), name));
      if (name.startsWith("aux.category.")) {
        assertArrayEquals(new float[values.length], values, name);
      } else {
        assertArrayEquals(Torch.floats(before.part(before.values(), name)), values, name);
        assertArrayEquals(Torch.floats(before.part(trained.average(), name)), average, name);
      }
    }
    assertTrue(Torch.floats(before.part(before.values(), "aux.category.weight"))[0] != 0);
    // The other way round, there is a head that the checkpoint lacks.
    resumed.save(file);
    assertEquals(Set.of("category", "mentions"), trainer(parameters(), 6).restore(file));
  }

  @Test
  void momentsOfAnotherOptimizerAreRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    trainer(parameters(), 6).save(file);
    Parameters parameters = parameters();
    TrainingModel model =
        new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    Trainer other =
        open(
            new Trainer(
                new TrainOptions(6, 0, BATCH, 1e-3, 0.01, false, 0.01, false, 2, 9, true),
                parameters,
                model,
                losses(model),
                HEADS,
                new ShapesTrainingData(config, BATCH, 9, false, 0, 1, true),
                List.of(builder())));
    String message =
        assertThrows(IllegalArgumentException.class, () -> other.restore(file)).getMessage();
    assertTrue(message.contains("resume with --optimizer muon"), message);
  }

  @Test
  void aCheckpointWithoutAProperStepIsRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters parameters = parameters();
    Trainer trainer = trainer(parameters, 6);
    float[][] steps = {
      null, {-1, 0}, {0, -1}, {0.5f, 0}, {0, 0.5f}, {0, 65536}, {3e38f, 0}, {3}, {0, 0, 3}
    };
    for (float[] step : steps) {
      SafetensorsWriter checkpoint = new SafetensorsWriter();
      for (String name : List.of("values", "average", "first", "second")) {
        checkpoint.tensor(name, new float[(int) parameters.size()], parameters.size());
      }
      if (step != null) {
        checkpoint.tensor("step", step, step.length);
      }
      checkpoint.write(file);
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer.restore(file)).getMessage();
      assertTrue(message.startsWith(file + ": "), message);
      assertTrue(message.contains("\"step\""), message);
      assertTrue(message.contains("expected"), message);
    }
    // Nothing of a checkpoint that is refused is taken over.
    assertEquals(0, trainer.step());
    assertArrayEquals(Torch.floats(parameters.values()), Torch.floats(trainer.average()));
  }

  @Test
  void aCheckpointOfAnotherShapeIsRefused() throws IOException {
    Path file = directory.resolve("checkpoint.safetensors");
    Parameters parameters = parameters();
    long size = parameters.size();
    for (long[] shape : new long[][] {{size - 1}, {1, size}}) {
      SafetensorsWriter checkpoint = new SafetensorsWriter().tensor("step", new float[2], 2);
      for (String name : List.of("values", "average", "first", "second")) {
        checkpoint.tensor(name, new float[(int) shape[shape.length - 1]], shape);
      }
      checkpoint.write(file);
      Trainer trainer = trainer(parameters, 6);
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer.restore(file)).getMessage();
      assertTrue(message.contains(java.util.Arrays.toString(shape)), message);
      assertTrue(message.contains("expected [" + size + "]"), message);
    }
  }

  /** Six pairs again and again are soon known by heart. */
  @Test
  void learnsAFewPairs() {
    List<ReferringPair> pairs = pairs(BATCH);
    TrainingData same =
        new TrainingData() {
          @Override
          public List<ReferringPair> batch(long step, double progress) {
            return pairs;
          }

          @Override
          public String name() {
            return "the same pairs";
          }
        };
    Trainer trainer = trainer(parameters(), 100, same);
    List<Double> losses = new ArrayList<>();
    trainer.run(() -> false, report -> losses.add(report.boxLoss()));
    double last = losses.subList(90, 100).stream().mapToDouble(d -> d).average().orElseThrow();
    assertTrue(last < 0.6 * losses.get(0), losses.get(0) + " to " + last);
  }

  /** Otherwise their first gradients would undo what a trained model has learnt. */
  @Test
  void headsThatOnlyTrainingHasStartAtZero() {
    Parameters parameters = parameters();
    for (String name : parameters.shapes().keySet()) {
      float[] values = Torch.floats(parameters.part(parameters.values(), name));
      boolean auxiliary = name.startsWith(Parameters.AUXILIARY);
      for (int i = 0; auxiliary && i < values.length; i++) {
        assertEquals(0, values[i], name);
      }
    }
  }

  @Test
  void uploadedPixelsAreThoseOfTheBatch() {
    try (Batch batch = builder().build(pairs(1), BatchBuilder.Replacement.NONE)) {
      int[] places = {3, 0, 2};
      float[] before = Torch.floats(batch.patchRows(CPU, 1, places));
      batch.upload(CPU);
      assertArrayEquals(before, Torch.floats(batch.patchRows(CPU, 1, places)));
    }
  }

  @Test
  void aRunForATimeEndsWithIt() throws IOException {
    Path checkpoint = directory.resolve("checkpoint.safetensors");
    Trainer trainer = timed(parameters());
    trainer.save(checkpoint);
    Trainer begun = timed(parameters());
    begun.restore(checkpoint);
    assertFalse(begun.finished());
    List<Double> rates = new ArrayList<>();
    trainer.run(() -> false, report -> rates.add(report.rate()));
    assertTrue(trainer.finished());
    double last = rates.get(rates.size() - 1);
    assertTrue(last < 0.5, "the last rate is " + last);
    trainer.save(checkpoint);
    Trainer resumed = timed(parameters());
    resumed.restore(checkpoint);
    assertTrue(resumed.finished(), "the time before counts");
  }

  private Trainer timed(Parameters parameters) {
    TrainOptions options =
        new TrainOptions(1, SECONDS, BATCH, 1e-3, 0.01, true, 0.01, false, 2, 9, true);
    TrainingModel model =
        new TrainingModel(parameters, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
    TrainingData data = new ShapesTrainingData(config, BATCH, 9, false, 0, 1, true);
    return open(
        new Trainer(
            options, parameters, model, losses(model), HEADS, data, List.of(builder(), builder())));
  }

  @Test
  void ratesFollowTheirSchedules() {
    TrainOptions linear = new TrainOptions(100, 0, 1, 1, 1, true, 0, false, 10, 1, true);
    assertEquals(0.1, linear.rate(0, 0 / 100.0), 1e-12);
    assertEquals(1, linear.rate(29, 29 / 100.0), 1e-12);
    assertEquals(0.5, linear.rate(65, 65 / 100.0), 1e-12);
    TrainOptions cosine = new TrainOptions(110, 0, 1, 1, 1, true, 0, true, 10, 1, true);
    assertEquals(1, cosine.rate(10, 10 / 110.0), 1e-12);
    assertEquals(0.5, cosine.rate(60, 60 / 110.0), 1e-12);
    assertEquals((1 + Math.cos(0.99 * Math.PI)) / 2, cosine.rate(109, 109 / 110.0), 1e-12);
  }
}
