package org.scanformer.trainer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.model.ModelConfig;

/**
 * The model of MODEL.md in its training form. A patch's token is x = s · patch + (1 − s) · constant
 * with its selection s, 0 or 1, which passes its gradient on as if it were the selection's
 * probability (straight through). Only the patch embedding sees s, as in the paper.
 *
 * <p>Discarded patches are equal tokens. {@link Form#DENSE} keeps them all. {@link Form#MERGED}
 * keeps their mean, with the logarithm of their number added to its attention logits: the same
 * function with the same gradients, as each of n equal tokens has an n-th of the mean's, in less
 * time.
 *
 * <p>The tokens of all pairs are the rows of one matrix, without padding, as most of the time goes
 * into products of each token with a weight. Only attention pads, see {@link PairAttention}.
 *
 * <p>Not thread-safe.
 */
final class TrainingModel {
  /** How discarded patches are kept. */
  enum Form {
    /** All of them. */
    DENSE,
    /** One token with a count. */
    MERGED
  }

  private final Parameters parameters;
  private final ModelConfig config;
  private final Device device;
  private final ScalarType type;
  private final Form form;
  private final TokenEmbedding embedding;
  private final Map<String, Tensor> converted = new HashMap<>();

  /**
   * A model with these parameters.
   *
   * @param type of products and attention: Float or BFloat16; sums, norms and losses are fp32
   */
  TrainingModel(Parameters parameters, Device device, ScalarType type, Form form) {
    this.parameters = parameters;
    this.config = parameters.config();
    this.device = device;
    this.type = type;
    this.form = form;
    this.embedding = new TokenEmbedding(parameters, device, form);
  }

  @Override
  public String toString() {
    return "products in " + (type == ScalarType.Float ? "fp32" : "bf16") + ", " + form;
  }

  /** Its sizes. */
  ModelConfig config() {
    return config;
  }

  /** The type of its products. */
  ScalarType type() {
    return type;
  }

  /** The device it runs on. */
  Device device() {
    return device;
  }

  private Tensor weight(String name) {
    return converted.computeIfAbsent(
        name,
        key -> {
          Tensor leaf = parameters.get(key);
          return type == ScalarType.Float ? leaf : leaf.to(type);
        });
  }

  /** x · Wᵀ + b in the products' type. */
  private Tensor linear(Tensor x, String name) {
    return Torch.linear(x.to(type), weight(name + ".weight"), weight(name + ".bias"));
  }

  private Tensor norm(Tensor x, String name, double epsilon) {
    return Torch.layerNorm(
        x, parameters.get(name + ".weight"), parameters.get(name + ".bias"), epsilon);
  }

  /** A linear layer in fp32, for the heads. */
  private Tensor head(Tensor x, String name) {
    return Torch.linear(x, parameters.get(name + ".weight"), parameters.get(name + ".bias"));
  }

  /** A training-only head's outputs. */
  Tensor auxiliary(Tensor x, String name) {
    return head(x, Parameters.AUXILIARY + name);
  }

  /**
   * The logits of words for tokens, [rows, words].
   *
   * @param words their tokens
   */
  Tensor wordLogits(Tensor x, long[] words) {
    String name = Parameters.AUXILIARY + AuxiliaryHeads.WORDS;
    Tensor embeddings =
        parameters.get(TokenEmbedding.WORDS).index_select(0, Torch.of(device, words, words.length));
    Tensor projected = x.matmul(parameters.get(name + ".weight"));
    return Torch.linear(projected, embeddings, parameters.get(name + ".bias"));
  }

  /**
   * Scans a batch.
   *
   * @param rule which patches of finer scales are selected
   */
  Scan scan(Batch batch, SelectionRule rule) {
    converted.clear();
    int scaleCount = config.numScales();
    int half = config.encoder1Layers();
    TokenLayout layout = new TokenLayout(batch.size);
    Tensor[] keys = new Tensor[half];
    Tensor[] values = new Tensor[half];
    Tensor[] segments = new Tensor[scaleCount + 1];
    Tensor[] selectedRows = new Tensor[scaleCount];
    Scan.Scale[] scales = new Scan.Scale[scaleCount];

    // Encoder1: the text first, then each scale with the keys and values of the earlier ones.
    segments[0] = encoder1(embedding.text(batch, layout), layout, keys, values);
    Tensor[] projection = {
      weight("embeddings.patch_embeddings.projection.weight"),
      weight("embeddings.patch_embeddings.projection.bias")
    };
    ScaleSelection selection =
        ScaleSelection.everything(batch.size, batch.scales[0].rows * batch.scales[0].cols);
    for (int s = 0; s < scaleCount; s++) {
      TokenEmbedding.Segment segment = embedding.scale(batch, s, selection, projection, layout);
      segments[s + 1] = encoder1(segment.tokens(), layout, keys, values);
      selectedRows[s] = segment.selectedRows();
      Tensor middle = segments[s + 1].index_select(0, segment.selectedRows());
      int[] places = selection.places();
      float[] selected = selection.selected(batch.size);
      if (s == scaleCount - 1) {
        scales[s] = new Scan.Scale(selected, places, middle, null, null);
      } else {
        Tensor logits = childLogits(middle);
        int[] children = children(batch.scales[s], places);
        scales[s] = new Scan.Scale(selected, places, middle, children, logits);
        double depth = (s + 1.0) / (scaleCount - 1);
        selection = select(selection.patches(), children, logits, batch.size, rule, depth);
      }
    }

    // Encoder2: all segments at once.
    Tensor x = Torch.cat(0, segments);
    int last = config.numHiddenLayers() - 1;
    PairAttention attention = new PairAttention(layout, 0, device, type);
    for (int layer = half; layer < last; layer++) {
      x = block(x, layer, null, null, attention);
    }
    // Nothing reads the last layer's text.
    x = block(x, last, null, null, new PairAttention(layout, 1, device, type));
    return collect(norm(x, "layernorm", config.layerNormEps()), layout, selectedRows, scales);
  }

  /** Runs the first layers on the layout's last segment. */
  private Tensor encoder1(Tensor tokens, TokenLayout layout, Tensor[] keys, Tensor[] values) {
    PairAttention attention = new PairAttention(layout, layout.segments() - 1, device, type);
    Tensor x = tokens;
    for (int layer = 0; layer < keys.length; layer++) {
      x = block(x, layer, keys, values, attention);
    }
    return x;
  }

  /** The results, from the rows of all scales after the last norm. */
  private Scan collect(Tensor x, TokenLayout layout, Tensor[] selectedRows, Scan.Scale[] scales) {
    int base = layout.begin(1, 0);
    long[] regRows = new long[layout.pairs() * scales.length];
    Tensor[] patches = new Tensor[scales.length];
    for (int s = 0; s < scales.length; s++) {
      for (int i = 0; i < layout.pairs(); i++) {
        regRows[i * scales.length + s] = layout.begin(s + 1, i) - base;
      }
      Tensor rows = selectedRows[s].add(new Scalar((long) (layout.begin(s + 1, 0) - base)));
      patches[s] = x.index_select(0, rows);
    }
    Tensor reg =
        x.index_select(0, Torch.of(device, regRows, regRows.length))
            .view(layout.pairs(), scales.length, config.hiddenSize());
    int[] tokens = new int[layout.segments()];
    Arrays.setAll(tokens, segment -> layout.tokens(segment));
    return new Scan(scales, patches, reg, boxes(reg), tokens);
  }

  /** Boxes (cx, cy, w, h) from tokens after the final norm, [..., 4]. */
  Tensor boxes(Tensor tokens) {
    Tensor h = head(tokens, "box_head.layers.0").relu();
    return head(head(h, "box_head.layers.1").relu(), "box_head.layers.2").sigmoid();
  }

  /** The score head's logits, [..., 1]. */
  Tensor scoreLogits(Tensor reg) {
    return head(reg, "score_head");
  }

  // ---- Encoder ----

  /**
   * A block.
   *
   * @param x rows, of which the last {@code attention.queries()} go on
   * @param keys keys of the earlier segments by layer, to which those of x are appended; null where
   *     a layer sees only x
   */
  private Tensor block(
      Tensor x, int layer, Tensor[] keys, Tensor[] values, PairAttention attention) {
    String name = "encoder.layer." + layer + ".";
    double epsilon = config.layerNormEps();
    Tensor h = norm(x, name + "layernorm_before", epsilon);
    var qkv = linear(h, name + "attention.attention.qkv").split(config.hiddenSize(), 1);
    Tensor q = qkv.get(0);
    Tensor k = qkv.get(1);
    Tensor v = qkv.get(2);
    if (keys != null) {
      k = keys[layer] == null ? k : Torch.cat(0, keys[layer], k);
      v = values[layer] == null ? v : Torch.cat(0, values[layer], v);
      keys[layer] = k;
      values[layer] = v;
    }
    long unread = x.size(0) - attention.queries();
    if (unread > 0) {
      q = q.narrow(0, unread, attention.queries());
      x = x.narrow(0, unread, attention.queries());
    }
    Tensor a = attention.apply(q, k, v, config.numAttentionHeads());
    x = x.add(linear(a, name + "attention.output.dense"));
    h = norm(x, name + "layernorm_after", epsilon);
    h = torch.gelu(linear(h, name + "intermediate.dense"));
    return x.add(linear(h, name + "output.dense"));
  }

  // ---- Selection ----

  /** The logits of the children of selected patches, [4 m]. */
  private Tensor childLogits(Tensor middle) {
    Tensor h = norm(middle, "selection_head.layernorm", config.layerNormEps());
    return head(torch.gelu(head(h, "selection_head.dense")), "selection_head.out_proj").view(-1);
  }

  /** The places of patches' children among those of the next scale. */
  private static int[] children(Batch.ScaleLabels scale, int[] places) {
    int[] children = new int[4 * places.length];
    int n = scale.rows * scale.cols;
    for (int i = 0; i < places.length; i++) {
      int pair = places[i] / n;
      int row = places[i] % n / scale.cols;
      int column = places[i] % scale.cols;
      for (int child = 0; child < 4; child++) {
        children[4 * i + child] =
            pair * 4 * n + (2 * row + child / 2) * 2 * scale.cols + 2 * column + child % 2;
      }
    }
    return children;
  }

  private ScaleSelection select(
      int parents, int[] children, Tensor logits, int pairs, SelectionRule rule, double depth) {
    boolean[] chosen = rule.choose(Torch.floats(logits), pairs * 4 * parents, depth);
    float[] hard = new float[children.length];
    for (int i = 0; i < chosen.length; i++) {
      hard[i] = chosen[i] ? 1 : 0;
    }
    Tensor soft = logits.sigmoid();
    Tensor gate = Torch.of(device, hard, hard.length).add(soft.sub(soft.detach()));
    return new ScaleSelection(4 * parents, children, chosen, gate);
  }
}
