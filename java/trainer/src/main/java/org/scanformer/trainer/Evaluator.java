package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Judges parameters on held-out pairs. Not thread-safe. */
@SuppressWarnings("try") // scopes and guards work by being open
final class Evaluator {
  private final Parameters parameters;
  private final TrainingModel model;
  private final Losses losses;
  private final Supplier<Batch> batches;

  /**
   * An evaluator.
   *
   * @param batches gives one batch after the other, null in place of one of which no pair can be
   *     read
   */
  Evaluator(Parameters parameters, TrainingModel model, Losses losses, Supplier<Batch> batches) {
    this.parameters = parameters;
    this.model = model;
    this.losses = losses;
    this.batches = batches;
  }

  /**
   * Accuracy and cost on held-out pairs.
   *
   * @param accuracy share of the pairs with a target whose box has an IoU of at least ½, by scale
   * @param selectedShare by scale
   * @param scores of every pair; empty if the model has no score head
   */
  record Evaluation(double[] accuracy, double[] selectedShare, List<Presence.Judged> scores) {
    double finestAccuracy() {
      return accuracy[accuracy.length - 1];
    }

    double finestShare() {
      return selectedShare[selectedShare.length - 1];
    }
  }

  /**
   * Evaluates a parameter vector with several selections. Each batch is judged with all of them and
   * dropped.
   *
   * @param values the parameter vector, or an average of it
   * @param count of batches to judge
   * @param rules what to select
   * @return an evaluation for each rule; null if no pair could be read
   */
  List<Evaluation> evaluate(Tensor values, int count, SelectionRule... rules) {
    Tensor own = parameters.values().clone();
    int scales = parameters.config().numScales();
    double[][] hits = new double[rules.length][scales];
    double[][] shares = new double[rules.length][scales];
    List<List<Presence.Judged>> scores = new ArrayList<>();
    for (int t = 0; t < rules.length; t++) {
      scores.add(new ArrayList<>());
    }
    int pairs = 0;
    int targets = 0;
    try (NoGradGuard guard = new NoGradGuard()) {
      parameters.values().copy_(values);
      for (int i = 0; i < count; i++) {
        try (Batch batch = batches.get()) {
          if (batch != null) {
            for (int t = 0; t < rules.length; t++) {
              evaluate(batch, rules[t], hits[t], shares[t], scores.get(t));
            }
            pairs += batch.size;
            targets += batch.targets();
          }
        }
      }
      parameters.values().copy_(own);
    } finally {
      own.close();
    }
    if (pairs == 0) {
      return null;
    }
    List<Evaluation> evaluations = new ArrayList<>();
    for (int t = 0; t < rules.length; t++) {
      for (int s = 0; s < scales; s++) {
        hits[t][s] /= Math.max(1, targets);
        shares[t][s] /= pairs;
      }
      evaluations.add(new Evaluation(hits[t], shares[t], scores.get(t)));
    }
    return evaluations;
  }

  /** Adds a batch's hits times its targets, its shares times its pairs, and its scores. */
  private void evaluate(
      Batch batch,
      SelectionRule rule,
      double[] hits,
      double[] shares,
      List<Presence.Judged> scores) {
    try (PointerScope scope = new PointerScope()) {
      Scan scan = model.scan(batch, rule);
      Losses.Result result = losses.of(batch, scan);
      for (int s = 0; s < hits.length; s++) {
        hits[s] += result.hits()[s] * batch.targets();
        shares[s] += result.selectedShare()[s] * batch.size;
      }
      if (result.scoreLogits() != null) {
        float[] logits = Torch.floats(result.scoreLogits());
        float[] right = Torch.floats(result.right().select(1, hits.length - 1));
        for (int i = 0; i < batch.size; i++) {
          float[] own = Arrays.copyOfRange(logits, i * hits.length, (i + 1) * hits.length);
          scores.add(new Presence.Judged(own, batch.there[i] == 1, right[i] == 1));
        }
      }
    }
  }
}
