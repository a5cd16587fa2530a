package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** What is taught of expressions that are not true of their image, worked out by hand. */
@SuppressWarnings("try") // scopes and guards work by being open
class AbsentLossesTest extends AbsentTraining {
  /** Weighted cross entropy, worked out here, of a head that says the same of every patch. */
  @Test
  void mentionsAreTaughtWhereTheyAreKnown() {
    double[] bias = {0.7, -1.2};
    AuxiliaryHeads heads = new AuxiliaryHeads(List.of(), List.of(), ObjectWords.NONE, true);
    Batch batch = builder.build(pairs(4), BatchBuilder.Replacement.NONE);
    assertArrayEquals(new float[] {1, 1, 1, 1}, batch.mentioned);
    batch.mentioned[2] = 0;
    double expected = 0;
    for (Batch.ScaleLabels labels : batch.scales) {
      double sum = 0;
      double weights = 0;
      for (int i = 0; i < labels.subjects.length; i++) {
        float[] truths = {labels.subjects[i], labels.landmarks[i]};
        for (int j = 0; j < 2; j++) {
          double known = batch.mentioned[i / (labels.rows * labels.cols)];
          double weight = known * (truths[j] == 1 ? 3 : 1);
          double said = 1 / (1 + Math.exp(-bias[j]));
          sum -= weight * Math.log(truths[j] == 1 ? said : 1 - said);
          weights += weight;
        }
      }
      expected += sum / weights;
    }
    // Of [REG] at each scale: whether the image has any such thing.
    double[] biasOfAll = {-0.3, 0.6};
    double[] scaleWeights = {0.4, 0.6, 1};
    Batch.ScaleLabels finest = batch.scales[2];
    for (int pair = 0; pair < 4; pair++) {
      float[] any = {0, 0};
      int n = finest.rows * finest.cols;
      for (int i = pair * n; i < (pair + 1) * n; i++) {
        any[0] = Math.max(any[0], finest.subjects[i]);
        any[1] = Math.max(any[1], finest.landmarks[i]);
      }
      for (int j = 0; j < 2; j++) {
        double said = 1 / (1 + Math.exp(-biasOfAll[j]));
        double loss = -Math.log(any[j] == 1 ? said : 1 - said) / 8;
        expected += batch.mentioned[pair] * Arrays.stream(scaleWeights).sum() * loss;
      }
    }
    try (PointerScope scope = new PointerScope();
        Parameters with = new Parameters(config, heads.shapes(config), CPU)) {
      with.initialize(5);
      with.part(with.values(), "aux.mentions.bias")
          .copy_(Torch.of(CPU, new float[] {(float) bias[0], (float) bias[1]}, 2));
      with.part(with.values(), "aux.all_mentions.bias")
          .copy_(Torch.of(CPU, new float[] {(float) biasOfAll[0], (float) biasOfAll[1]}, 2));
      TrainingModel both =
          new TrainingModel(with, CPU, ScalarType.Float, TrainingModel.Form.MERGED);
      double[] totals = new double[2];
      for (int i = 0; i < 2; i++) {
        Losses of =
            new Losses(both, 1, 0, true, true, i == 0 ? AuxiliaryHeads.TARGET_ALONE : heads);
        totals[i] = of.of(batch, both.scan(batch, SelectionRule.EVERYTHING)).total().item_double();
      }
      assertEquals(expected, totals[1] - totals[0], 1e-4);
    }
  }

  /** A logit is pulled to what its label is: its sigmoid less the gradient. */
  @Test
  void aWrongBoxOfWhatIsThereRanksBetween() {
    Batch batch = builder.build(pairs(2), BatchBuilder.Replacement.NONE);
    Arrays.fill(batch.boxes, 0.001f);
    assertArrayEquals(new float[] {0, 0}, labels(batch, false), 1e-5f);
    assertArrayEquals(new float[] {0.5f, 0}, labels(batch, true), 1e-5f);
    // Also where all expressions of a batch happen to be true.
    Batch one = builder.build(pairs(1), BatchBuilder.Replacement.NONE);
    Arrays.fill(one.boxes, 0.001f);
    assertArrayEquals(new float[] {0.5f}, labels(one, true), 1e-5f);
    try (PointerScope scope = new PointerScope()) {
      float[] boxes = Torch.floats(model.scan(batch, SelectionRule.EVERYTHING).boxes);
      System.arraycopy(boxes, 8, batch.boxes, 0, 4);
    }
    assertArrayEquals(new float[] {1, 0}, labels(batch, true), 1e-5f);
  }

  /** The labels of the last scale's scores. */
  private float[] labels(Batch batch, boolean ranked) {
    Losses some = new Losses(model, 1, 0, true, ranked, AuxiliaryHeads.TARGET_ALONE);
    try (PointerScope scope = new PointerScope()) {
      Losses.Result result = some.of(batch, model.scan(batch, SelectionRule.EVERYTHING));
      Tensor logits = result.scoreLogits();
      logits.retain_grad();
      result.total().backward();
      float[] values = Torch.floats(logits.select(1, 2));
      float[] gradients = Torch.floats(logits.grad().select(1, 2));
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (1 / (1 + Math.exp(-values[i]))) - gradients[i] * batch.size;
      }
      return values;
    }
  }
}
