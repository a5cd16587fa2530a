package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
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

/** A tiny model is trained for a few steps. */
@SuppressWarnings("try") // scopes and guards work by being open
class TrainerTest extends TinyTraining {
  private static final double SECONDS = 2;

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
    TrainingData data = new ShapesTrainingData(config, BATCH, 9, false, 0, 1, 1, true);
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
