package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The loss of a scan and its reported figures. Not thread-safe.
 *
 * <p>A pair without a target has no loss of its box, and of the selection that of the budget alone,
 * unless it is known what is there of its expression.
 *
 * <ul>
 *   <li>Boxes: 5 · L1 + 2 · (1 − GIoU) of every scale's box, finer ones weigh more.
 *   <li>Objects: the same of each patch token's box against the object that covers it, through the
 *       same norm and head. Without it [REG] stays at the mean box for a very long time.
 *   <li>Selection: binary cross entropy of the children that are worth selecting, and the squared
 *       excess of the selected share over its budget.
 *   <li>Score: binary cross entropy against whether there is a target and the scale's box has an
 *       IoU of at least ½ with it; finer scales weigh more. Where a run has untrue expressions, a
 *       wrong box of a target that is there counts half: it shall rank between a right one and
 *       none. What the score then means, its calibration sees to.
 *   <li>Grounding, by heads that only training has: whether the target overlaps a patch, after the
 *       last layer; category and colour of what covers it, the words that are said of it, and
 *       whether something that the expression's subject or its landmark fits overlaps it, after
 *       Encoder1, and of [REG] whether there are such. The last two hold for pairs without a target
 *       too: what is there of an untrue expression is what tells that the rest is not.
 * </ul>
 */
final class Losses {
  /** Weighs positive children up, as they are few. */
  private static final double POSITIVE_WEIGHT = 6;

  private static final double[] SCALE_WEIGHTS = {0.4, 0.6, 1};

  private final TrainingModel model;
  private final double budget;
  private final double trim;
  private final boolean hasScore;
  private final boolean ranked;
  private final Set<String> heads;
  private final ObjectWords words;

  /**
   * Losses of a model.
   *
   * @param budget the share of a finer scale's patches that may be selected without a loss
   * @param trim the share of a batch's targets whose boxes {@link #trimmed} leaves out
   * @param ranked whether a wrong box of a target that is there counts half for its score, as there
   *     are expressions without a target: it shall rank between a right one and none
   * @param heads those that the model has for training
   */
  Losses(
      TrainingModel model,
      double budget,
      double trim,
      boolean hasScore,
      boolean ranked,
      AuxiliaryHeads heads) {
    this.model = model;
    this.budget = budget;
    this.trim = trim;
    this.hasScore = hasScore;
    this.ranked = ranked;
    this.heads = heads.names(model.config());
    this.words = heads.words();
  }

  @Override
  public String toString() {
    return "budget " + budget + ", trim " + trim + (ranked ? ", scores ranked" : "");
  }

  /** The share of a finer scale's patches that may be selected without a loss. */
  double budget() {
    return budget;
  }

  /**
   * The figures of a batch.
   *
   * @param total the loss to minimise, a scalar with a gradient
   * @param boxLoss mean of 5 · L1 + 2 · (1 − GIoU) of the last scale
   * @param hits share of the pairs with a target whose box has an IoU of at least ½, by scale
   * @param selectedShare by scale
   * @param right 1 for pairs with a target and such a box, [B, S]
   * @param scoreLogits [B, S]; null if the model has no score head
   */
  record Result(
      Tensor total,
      double boxLoss,
      double[] hits,
      double[] selectedShare,
      Tensor right,
      Tensor scoreLogits) {}

  /** Computes the loss of a scan. */
  Result of(Batch batch, Scan scan) {
    return of(batch, scan, 0);
  }

  /**
   * Computes the loss of a scan without the boxes of the targets that are furthest from them at the
   * last scale: among those, wrong labels are frequent (small-loss selection: Han et al. 2018).
   */
  Result trimmed(Batch batch, Scan scan) {
    return of(batch, scan, trim);
  }

  private Result of(Batch batch, Scan scan, double leftOut) {
    Device device = model.device();
    int count = scan.scales.length;
    Tensor truth = Torch.of(device, batch.boxes, batch.size, 1, 4).expand(batch.size, count, 4);
    Tensor there = Torch.of(device, batch.there, batch.size, 1);
    int targets = batch.targets();
    Tensor scaleWeights = Torch.of(device, weights(count), count);
    Tensor byPair = boxLoss(scan.boxes, truth).mul(there);
    int most = (int) (leftOut * targets);
    if (most > 0) {
      float[] last = Torch.floats(byPair.select(1, count - 1));
      byPair = byPair.mul(Torch.of(device, least(last, most), batch.size, 1));
    }
    Tensor byScale = byPair.sum(0).div(scalar(Math.max(1, targets - most)));
    Tensor total = byScale.mul(scaleWeights).sum();
    Tensor right = iou(scan.boxes, truth).detach().ge(scalar(0.5)).to(ScalarType.Float).mul(there);
    Tensor scoreLogits = hasScore ? model.scoreLogits(scan.reg).squeeze(2) : null;
    if (hasScore) {
      Tensor score = ranked ? right.add(there).mul(scalar(0.5)) : right;
      TensorOptional weights =
          new TensorOptional(scaleWeights.div(scalar(batch.size)).expand(batch.size, count));
      // Reduction.Sum
      total =
          total.add(
              torch.binary_cross_entropy_with_logits(
                  scoreLogits, score, weights, new TensorOptional(), 2));
    }
    if (heads.contains(AuxiliaryHeads.ALL_MENTIONS)) {
      total = total.add(MentionLosses.ofImages(model, batch, scan, scaleWeights));
    }
    double[] shares = new double[count];
    for (int s = 0; s < count; s++) {
      Scan.Scale scale = scan.scales[s];
      Batch.ScaleLabels labels = batch.scales[s];
      total = total.add(objectLoss(batch, scan, s));
      Tensor target = Torch.of(device, at(labels.target, scale.patches()), scale.patches().length);
      Tensor map = model.auxiliary(scan.patches[s], Parameters.TARGET_MAP).squeeze(1);
      total = total.add(weightedBce(map, target, 3, null));
      if (heads.contains(AuxiliaryHeads.CATEGORY)) {
        total = total.add(classLoss(scale, labels.categories, AuxiliaryHeads.CATEGORY));
      }
      if (heads.contains(AuxiliaryHeads.COLOR)) {
        total = total.add(classLoss(scale, labels.colors, AuxiliaryHeads.COLOR));
      }
      if (heads.contains(AuxiliaryHeads.MENTIONS)) {
        total = total.add(MentionLosses.ofPatches(model, batch, scale, labels));
      }
      if (words.size() > 0) {
        total = total.add(wordLoss(scale, labels.words));
      }
      if (s < count - 1) {
        total = total.add(selectionLoss(batch, scale, s + 1));
      }
      shares[s] = scale.selectedShare();
    }
    float[] hit = Torch.floats(right.sum(0));
    double[] hits = new double[count];
    for (int s = 0; s < count; s++) {
      hits[s] = hit[s] / Math.max(1, targets);
    }
    double boxLoss = byScale.select(0, count - 1).item_double();
    return new Result(total, boxLoss, hits, shares, right, scoreLogits);
  }

  /** 1 for each loss but the largest ones, and 0 for these. */
  static float[] least(float[] losses, int leftOut) {
    float[] kept = new float[losses.length];
    Arrays.fill(kept, 1);
    IntStream.range(0, losses.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -losses[i]))
        .limit(leftOut)
        .forEach(i -> kept[i] = 0);
    return kept;
  }

  private static Scalar scalar(double value) {
    return Torch.scalar(value);
  }

  /** The weights of the last scales; earlier scales weigh as much as the first of these. */
  private static float[] weights(int count) {
    float[] weights = new float[count];
    for (int s = 0; s < count; s++) {
      int place = Math.max(0, SCALE_WEIGHTS.length - count + s);
      weights[s] = (float) SCALE_WEIGHTS[place];
    }
    return weights;
  }

  /** The selection loss of a scale's patches, by the logits that their parents gave. */
  private Tensor selectionLoss(Batch batch, Scan.Scale parents, int scale) {
    Device device = model.device();
    float[] labels = batch.scales[scale].wanted;
    int n = labels.length / batch.size;
    int[] children = parents.children();
    // Of an untrue expression of which nothing is there, no patch is known to be of use.
    boolean[] any = new boolean[batch.size];
    for (int place = 0; place < labels.length; place++) {
      any[place / n] |= labels[place] == 1;
    }
    float[] known = new float[children.length];
    for (int i = 0; i < known.length; i++) {
      known[i] = any[children[i] / n] ? 1 : 0;
    }
    Tensor wanted = Torch.of(device, at(labels, children), children.length);
    Tensor mask = Torch.of(device, known, known.length);
    Tensor soft = parents.childLogits().sigmoid().sum().div(scalar(labels.length));
    return weightedBce(parents.childLogits(), wanted, POSITIVE_WEIGHT, mask)
        .add(soft.sub(scalar(budget)).relu().square());
  }

  /** The box loss of patch tokens that an object covers; 0 if there are none. */
  private Tensor objectLoss(Batch batch, Scan scan, int s) {
    Device device = model.device();
    Batch.ScaleLabels labels = batch.scales[s];
    int[] places = scan.scales[s].patches();
    int[] rows = rows(places, place -> labels.covered[place] == 1);
    if (rows.length == 0) {
      return torch.zeros(1).to(device, ScalarType.Float).sum();
    }
    float[] truth = new float[4 * rows.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(labels.patchBoxes, 4 * places[rows[i]], truth, 4 * i, 4);
    }
    Tensor covered = scan.patches[s].index_select(0, longs(device, rows));
    return boxLoss(model.boxes(covered), Torch.of(device, truth, rows.length, 4)).mean();
  }

  private Tensor classLoss(Scan.Scale scale, long[] classes, String head) {
    Device device = model.device();
    int[] places = scale.patches();
    int[] rows = rows(places, place -> classes[place] != Batch.UNKNOWN);
    if (rows.length == 0) {
      return torch.zeros(1).to(device, ScalarType.Float).sum();
    }
    long[] truth = Arrays.stream(rows).mapToLong(row -> classes[places[row]]).toArray();
    Tensor logits = model.auxiliary(scale.middle().index_select(0, longs(device, rows)), head);
    return torch.cross_entropy_loss(logits, Torch.of(device, truth, truth.length)).mul(scalar(0.3));
  }

  /** The numbers of the places that are wanted: found here, as a GPU's answer is waited for. */
  private static int[] rows(int[] places, IntPredicate wanted) {
    return IntStream.range(0, places.length).filter(i -> wanted.test(places[i])).toArray();
  }

  private static float[] at(float[] numbers, int[] places) {
    float[] found = new float[places.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = numbers[places[i]];
    }
    return found;
  }

  private static Tensor longs(Device device, int[] values) {
    return Torch.of(device, Arrays.stream(values).asLongStream().toArray(), values.length);
  }

  /**
   * Cross entropy of the words that are said of what covers each selected patch, each of an
   * object's words with the same share (Mahajan et al. 2018). A word's logit is the product of its
   * embedding with the projected token, so that what is seen and what is said come to be alike.
   */
  private Tensor wordLoss(Scan.Scale scale, int[][] said) {
    Device device = model.device();
    int[] places = scale.patches();
    List<Long> rows = new ArrayList<>();
    List<Long> entries = new ArrayList<>();
    List<Float> weights = new ArrayList<>();
    for (int i = 0; i < places.length; i++) {
      int[] own = said[places[i]];
      if (own != null && own.length > 0) {
        for (int word : own) {
          entries.add((long) rows.size() * words.size() + word);
          weights.add(1f / own.length);
        }
        rows.add((long) i);
      }
    }
    if (rows.isEmpty()) {
      return torch.zeros(1).to(device, ScalarType.Float).sum();
    }
    Tensor tokens = scale.middle().index_select(0, longs(device, rows));
    Tensor logits = torch.log_softmax(model.wordLogits(tokens, words.tokens()), 1).view(-1);
    float[] shares = new float[weights.size()];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = -weights.get(i) / rows.size();
    }
    return logits
        .index_select(0, longs(device, entries))
        .mul(Torch.of(device, shares, shares.length))
        .sum()
        .mul(scalar(0.3));
  }

  private static Tensor longs(Device device, List<Long> values) {
    long[] array = values.stream().mapToLong(Long::longValue).toArray();
    return Torch.of(device, array, array.length);
  }

  /**
   * Mean binary cross entropy in which positives weigh more.
   *
   * @param mask 1 for those that count; null for all
   */
  static Tensor weightedBce(Tensor logits, Tensor truth, double positiveWeight, Tensor mask) {
    Tensor weight = truth.mul(scalar(positiveWeight - 1)).add(scalar(1));
    weight = mask == null ? weight : weight.mul(mask);
    // Reduction.Sum
    Tensor sum =
        torch.binary_cross_entropy_with_logits(
            logits, truth, new TensorOptional(weight), new TensorOptional(), 2);
    return sum.div(weight.sum().clamp_min(scalar(1)));
  }

  /** 5 · L1 + 2 · (1 − GIoU) of boxes (cx, cy, w, h), [..., 4] to [...]. */
  static Tensor boxLoss(Tensor boxes, Tensor truth) {
    Tensor l1 = boxes.sub(truth).abs().sum(-1);
    Corners a = Corners.of(boxes);
    Corners b = Corners.of(truth);
    Tensor intersection = a.overlap(b);
    Tensor union = a.area().add(b.area()).sub(intersection);
    Tensor hull =
        torch
            .maximum(a.right, b.right)
            .sub(torch.minimum(a.left, b.left))
            .mul(torch.maximum(a.bottom, b.bottom).sub(torch.minimum(a.top, b.top)));
    Scalar tiny = scalar(1e-9);
    Tensor giou =
        intersection.div(union.clamp_min(tiny)).sub(hull.sub(union).div(hull.clamp_min(tiny)));
    return l1.mul(scalar(5)).add(Torch.oneMinus(giou).mul(scalar(2)));
  }

  /** Intersection over union of boxes (cx, cy, w, h), [..., 4] to [...]. */
  static Tensor iou(Tensor boxes, Tensor truth) {
    Corners a = Corners.of(boxes);
    Corners b = Corners.of(truth);
    Tensor intersection = a.overlap(b);
    return intersection.div(a.area().add(b.area()).sub(intersection).clamp_min(scalar(1e-9)));
  }

  private record Corners(Tensor left, Tensor top, Tensor right, Tensor bottom) {
    static Corners of(Tensor boxes) {
      Tensor halfWidth = boxes.select(-1, 2).mul(scalar(0.5));
      Tensor halfHeight = boxes.select(-1, 3).mul(scalar(0.5));
      Tensor x = boxes.select(-1, 0);
      Tensor y = boxes.select(-1, 1);
      return new Corners(x.sub(halfWidth), y.sub(halfHeight), x.add(halfWidth), y.add(halfHeight));
    }

    Tensor area() {
      return right.sub(left).mul(bottom.sub(top));
    }

    Tensor overlap(Corners other) {
      Tensor width = torch.minimum(right, other.right).sub(torch.maximum(left, other.left)).relu();
      Tensor height = torch.minimum(bottom, other.bottom).sub(torch.maximum(top, other.top)).relu();
      return width.mul(height);
    }
  }
}
