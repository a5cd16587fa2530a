package org.scanformer.reference;

import static org.scanformer.reference.ReferenceMath.add;
import static org.scanformer.reference.ReferenceMath.gelu;
import static org.scanformer.reference.ReferenceMath.relu;
import static org.scanformer.reference.ReferenceMath.sigmoid;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The slow, obvious run of the model in float64, by which everything else is judged: it is dense (a
 * discarded patch stays in the sequence as a constant token, n of them as n copies), unmerged (so
 * every key counts once) and uncached (for every scale the whole sequence up to it is run again,
 * under a block-causal mask). The method is that of ScanFormer (arXiv 2406.18048), the blocks are
 * those of ViLT (arXiv 2102.03334).
 */
public final class ReferenceScan {
  private final ReferenceModel model;
  private final int[] ids;
  private final ReferencePyramid pyramid;

  private ReferenceScan(ReferenceModel model, int[] ids, double[][][] rgb) {
    if (ids.length == 0 || ids.length > model.maxTextLength) {
      throw new IllegalArgumentException(
          "%d token ids, not 1 to %d".formatted(ids.length, model.maxTextLength));
    }
    this.model = model;
    this.ids = ids;
    this.pyramid = new ReferencePyramid(model, rgb);
  }

  /**
   * Runs all scales.
   *
   * @param ids the expression's token ids, with [CLS] and [SEP]
   * @param rgb the image, [3][height][width] in 0 to 255, see {@link ReferencePyramid#pixels}
   */
  public static List<ReferenceScale> run(
      ReferenceModel model, int[] ids, double[][][] rgb, ReferenceSelection selection) {
    ReferenceScan scan = new ReferenceScan(model, ids, rgb);
    List<ReferenceScale> results = new ArrayList<>();
    List<boolean[]> masks = new ArrayList<>();
    for (int scale = 0; scale < model.scales; scale++) {
      masks.add(
          scale == 0
              ? scan.everyPatch()
              : selection.select(scale, childLogits(results.get(scale - 1))));
      results.add(scan.runUpTo(scale, masks));
    }
    return results;
  }

  /** Runs the whole sequence of the text and scales 0 to last, whose masks are given. */
  private ReferenceScale runUpTo(int last, List<boolean[]> masks) {
    // Tokens. visible[token] is the end of the token's segment: block-causal, a token attends to
    // its segment and all earlier ones.
    List<double[]> tokens = new ArrayList<>(Arrays.asList(textSegment()));
    int[] segmentEnds = new int[last + 2];
    segmentEnds[0] = tokens.size();
    for (int scale = 0; scale <= last; scale++) {
      tokens.addAll(scaleSegment(scale, masks.get(scale)));
      segmentEnds[scale + 1] = tokens.size();
    }
    int[] visible = new int[tokens.size()];
    for (int segment = segmentEnds.length - 1; segment >= 0; segment--) {
      Arrays.fill(visible, 0, segmentEnds[segment], segmentEnds[segment]);
    }

    // Encoder1, after which the patches select.
    double[][] x = tokens.toArray(double[][]::new);
    for (int layer = 0; layer < model.encoder1Layers; layer++) {
      x = block(layer, x, visible);
    }
    int reg = segmentEnds[last];
    double[][] patches = Arrays.copyOfRange(x, reg + 1, x.length);
    double[][] logits = selectionLogits(patches, masks.get(last), last == model.scales - 1);

    // Encoder2, after which [REG] gives the box.
    for (int layer = model.encoder1Layers; layer < model.layers; layer++) {
      x = block(layer, x, visible);
    }
    double[][] r = layerNorm(new double[][] {x[reg]}, "layernorm");
    double[][] patchTokens =
        layerNorm(selected(Arrays.copyOfRange(x, reg + 1, x.length), masks.get(last)), "layernorm");
    return new ReferenceScale(
        pyramid.rows(last),
        pyramid.cols(last),
        masks.get(last),
        logits,
        boxes(r)[0],
        model.scoreHead ? score(r) : Double.NaN,
        r[0],
        model.hasCandidateHead() ? boxes(patchTokens) : null,
        model.hasCandidateHead() ? candidateScores(patchTokens) : null);
  }

  /** Tokens, text: LayerNorm(word[id] + position[i] + type[0]) + modality[0]. */
  private double[][] textSegment() {
    String embeddings = "embeddings.text_embeddings.";
    double[][] tokens = new double[ids.length][];
    for (int i = 0; i < ids.length; i++) {
      double[] word = model.row(embeddings + "word_embeddings.weight", ids[i]);
      double[] position = model.row(embeddings + "position_embeddings.weight", i);
      double[] type = model.row(embeddings + "token_type_embeddings.weight", 0);
      tokens[i] = add(add(word, position), type);
    }
    double[][] normalised =
        ReferenceMath.layerNorm(
            tokens,
            model.tensor(embeddings + "LayerNorm.weight"),
            model.tensor(embeddings + "LayerNorm.bias"),
            model.textLayerNormEps);
    double[] modality = model.row("embeddings.token_type_embeddings.weight", 0);
    for (int i = 0; i < ids.length; i++) {
      normalised[i] = add(normalised[i], modality);
    }
    return normalised;
  }

  /**
   * Tokens of a scale: [REG], then for every patch of the grid in row-major order the patch's token
   * or, when it is discarded, the constant token.
   */
  private List<double[]> scaleSegment(int scale, boolean[] mask) {
    int rows = pyramid.rows(scale);
    int cols = pyramid.cols(scale);
    double[] modalityAndScale =
        add(
            model.row("embeddings.token_type_embeddings.weight", 1),
            model.row("embeddings.scale_embeddings.weight", scale));

    List<double[]> segment = new ArrayList<>();
    double[] cls = model.tensor("embeddings.cls_token");
    double[] clsPosition = model.row("embeddings.position_embeddings", 0);
    segment.add(add(add(cls, clsPosition), modalityAndScale));

    double[] constant = add(model.tensor("embeddings.constant_token"), modalityAndScale);
    double[][] pixels = new double[rows * cols][];
    for (int patch = 0; patch < pixels.length; patch++) {
      pixels[patch] = pyramid.patch(scale, patch / cols, patch % cols);
    }
    double[][] projected = linear(pixels, "embeddings.patch_embeddings.projection");
    for (int patch = 0; patch < pixels.length; patch++) {
      if (mask[patch]) {
        double[] position = position(patch / cols, patch % cols, rows, cols);
        segment.add(add(add(projected[patch], position), modalityAndScale));
      } else {
        segment.add(constant.clone());
      }
    }
    return segment;
  }

  /**
   * The stored G x G position grid, interpolated bilinearly with align_corners=True: the corners of
   * the rows x cols grid are the corners of the stored one.
   */
  private double[] position(int i, int j, int rows, int cols) {
    int g = model.positionGrid;
    double y = rows == 1 ? 0 : (double) i * (g - 1) / (rows - 1);
    double x = cols == 1 ? 0 : (double) j * (g - 1) / (cols - 1);
    int y0 = (int) y;
    int x0 = (int) x;
    int y1 = Math.min(y0 + 1, g - 1);
    int x1 = Math.min(x0 + 1, g - 1);
    double[] position = new double[model.hiddenSize];
    addScaled(position, (1 - (y - y0)) * (1 - (x - x0)), storedPosition(y0, x0));
    addScaled(position, (1 - (y - y0)) * (x - x0), storedPosition(y0, x1));
    addScaled(position, (y - y0) * (1 - (x - x0)), storedPosition(y1, x0));
    addScaled(position, (y - y0) * (x - x0), storedPosition(y1, x1));
    return position;
  }

  private double[] storedPosition(int y, int x) {
    return model.row("embeddings.position_embeddings", 1 + y * model.positionGrid + x);
  }

  private static void addScaled(double[] sum, double factor, double[] summand) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * summand[i];
    }
  }

  /**
   * Encoder: one pre-LN block, x += proj(attention(LN_before x)); x += fc2(gelu(fc1(LN_after x))).
   */
  private double[][] block(int layer, double[][] x, int[] visible) {
    String name = "encoder.layer." + layer + ".";
    double[][] before = layerNorm(x, name + "layernorm_before");
    double[][] q = linear(before, name + "attention.attention.query");
    double[][] k = linear(before, name + "attention.attention.key");
    double[][] v = linear(before, name + "attention.attention.value");
    double[][] context = ReferenceMath.attention(q, k, v, model.heads, visible);
    double[][] attended = add(x, linear(context, name + "attention.output.dense"));

    double[][] after = layerNorm(attended, name + "layernorm_after");
    double[][] intermediate = gelu(linear(after, name + "intermediate.dense"));
    return add(attended, linear(intermediate, name + "output.dense"));
  }

  /** Selection: out_proj(gelu(dense(LN(h)))) of every selected patch; NaN for the others. */
  private double[][] selectionLogits(double[][] patches, boolean[] mask, boolean lastScale) {
    double[][] normalised = layerNorm(patches, "selection_head.layernorm");
    double[][] dense = gelu(linear(normalised, "selection_head.dense"));
    double[][] logits = linear(dense, "selection_head.out_proj");
    for (int patch = 0; patch < logits.length; patch++) {
      if (lastScale || !mask[patch]) {
        Arrays.fill(logits[patch], Double.NaN);
      }
    }
    return logits;
  }

  /** Boxes: three linear layers, ReLU between, sigmoid: (cx, cy, w, h) in 0 to 1. */
  private double[][] boxes(double[][] r) {
    double[][] hidden = relu(linear(r, "box_head.layers.0"));
    hidden = relu(linear(hidden, "box_head.layers.1"));
    return Arrays.stream(linear(hidden, "box_head.layers.2"))
        .map(box -> Arrays.stream(box).map(ReferenceMath::sigmoid).toArray())
        .toArray(double[][]::new);
  }

  /** Candidates: sigmoid(linear(r)) of each patch token. */
  private double[] candidateScores(double[][] r) {
    return Arrays.stream(linear(r, "candidate_head"))
        .mapToDouble(logit -> sigmoid(logit[0]))
        .toArray();
  }

  private static double[][] selected(double[][] patches, boolean[] mask) {
    return IntStream.range(0, mask.length)
        .filter(patch -> mask[patch])
        .mapToObj(patch -> patches[patch])
        .toArray(double[][]::new);
  }

  /** The score head's logit, calibrated. */
  private double score(double[][] r) {
    double logit = linear(r, "score_head")[0][0];
    return sigmoid(model.scoreScale * logit + model.scoreBias);
  }

  private boolean[] everyPatch() {
    boolean[] mask = new boolean[pyramid.rows(0) * pyramid.cols(0)];
    Arrays.fill(mask, true);
    return mask;
  }

  /**
   * The logits that a scale's patches give to their children, in the children's row-major order.
   */
  private static double[] childLogits(ReferenceScale parents) {
    int cols = parents.cols();
    double[] children = new double[4 * parents.rows() * cols];
    for (int i = 0; i < parents.rows(); i++) {
      for (int j = 0; j < cols; j++) {
        for (int child = 0; child < 4; child++) {
          int row = 2 * i + child / 2;
          int col = 2 * j + child % 2;
          children[row * 2 * cols + col] = parents.logits()[i * cols + j][child];
        }
      }
    }
    return children;
  }

  private double[][] linear(double[][] x, String name) {
    return ReferenceMath.linear(x, model.tensor(name + ".weight"), model.tensor(name + ".bias"));
  }

  private double[][] layerNorm(double[][] x, String name) {
    return ReferenceMath.layerNorm(
        x, model.tensor(name + ".weight"), model.tensor(name + ".bias"), model.layerNormEps);
  }
}
