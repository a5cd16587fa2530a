package org.scanformer.trainer;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** The losses of what an expression's subject and its landmark fit, by heads of training alone. */
final class MentionLosses {
  private static final double POSITIVE_WEIGHT = 3;

  private MentionLosses() {}

  /** Whether such an object overlaps a patch of a scale, asked after Encoder1. */
  static Tensor ofPatches(
      TrainingModel model, Batch batch, Scan.Scale scale, Batch.ScaleLabels labels) {
    Device device = model.device();
    int[] places = scale.patches();
    int n = labels.rows * labels.cols;
    float[] truth = new float[2 * places.length];
    float[] known = new float[truth.length];
    for (int i = 0; i < places.length; i++) {
      truth[2 * i] = labels.subjects[places[i]];
      truth[2 * i + 1] = labels.landmarks[places[i]];
      known[2 * i] = batch.mentioned[places[i] / n];
      known[2 * i + 1] = known[2 * i];
    }
    return Losses.weightedBce(
        model.auxiliary(scale.middle(), AuxiliaryHeads.MENTIONS),
        Torch.of(device, truth, places.length, 2),
        POSITIVE_WEIGHT,
        Torch.of(device, known, places.length, 2));
  }

  /**
   * Whether the image has such an object at all, asked of each scale's [REG].
   *
   * @param scaleWeights [S]
   */
  static Tensor ofImages(TrainingModel model, Batch batch, Scan scan, Tensor scaleWeights) {
    Device device = model.device();
    Batch.ScaleLabels finest = batch.scales[batch.scales.length - 1];
    int n = finest.rows * finest.cols;
    float[] truth = new float[2 * batch.size];
    for (int place = 0; place < finest.subjects.length; place++) {
      int pair = place / n;
      truth[2 * pair] = Math.max(truth[2 * pair], finest.subjects[place]);
      truth[2 * pair + 1] = Math.max(truth[2 * pair + 1], finest.landmarks[place]);
    }
    int count = scan.scales.length;
    Tensor weights =
        Torch.of(device, batch.mentioned, batch.size, 1, 1)
            .mul(scaleWeights.view(1, count, 1))
            .div(Torch.scalar(2.0 * batch.size))
            .expand(batch.size, count, 2);
    // Reduction.Sum
    return torch.binary_cross_entropy_with_logits(
        model.auxiliary(scan.reg, AuxiliaryHeads.ALL_MENTIONS),
        Torch.of(device, truth, batch.size, 1, 2).expand(batch.size, count, 2),
        new TensorOptional(weights),
        new TensorOptional(),
        2);
  }
}
