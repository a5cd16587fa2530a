package org.scanformer.trainer;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
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

  /** Added to the logits of absent keys; finite, so that no sum becomes NaN. */
  private static final double ABSENT = -30_000;

  private final Parameters parameters;
  private final ModelConfig config;
  private final Device device;
  private final ScalarType type;
  private final Form form;
  private final Map<String, float[]> positionWeights = new HashMap<>();
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
    Tensor input = x.scalar_type() == type ? x : x.to(type);
    return Torch.linear(input, weight(name + ".weight"), weight(name + ".bias"));
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
   * Scans a batch.
   *
   * @param everything whether to select every patch
   * @param thresholdLogit children of larger logits are selected
   */
  Scan scan(Batch batch, boolean everything, double thresholdLogit) {
    converted.clear();
    int scaleCount = config.numScales();
    int half = config.encoder1Layers();
    Tensor text = embedText(batch);
    Tensor textBias = textBias(batch);
    Tensor[] keys = new Tensor[half];
    Tensor[] values = new Tensor[half];
    Tensor bias = null;
    Tensor[] segments = new Tensor[scaleCount + 1];
    Tensor[] biases = new Tensor[scaleCount + 1];
    Scan.Scale[] scales = new Scan.Scale[scaleCount];

    // Encoder1: the text first, then each scale with the keys and values of the earlier ones.
    Tensor selected = null;
    Tensor gate = null;
    Tensor x = text;
    biases[0] = textBias;
    for (int s = -1; s < scaleCount; s++) {
      Segment segment = null;
      if (s >= 0) {
        if (s == 0) {
          long n = (long) batch.scales[0].rows * batch.scales[0].cols;
          selected = torch.ones(batch.size, n).to(device, ScalarType.Float);
          gate = selected;
        }
        segment = embedScale(batch, s, selected, gate);
        x = segment.tokens;
        biases[s + 1] = segment.bias;
      }
      bias = bias == null ? biases[s + 1] : Torch.cat(3, bias, biases[s + 1]);
      for (int layer = 0; layer < half; layer++) {
        x = block(x, layer, keys, values, bias);
      }
      segments[s + 1] = x;
      if (s >= 0) {
        Tensor middle = x.narrow(1, 1, segment.index.size(1));
        Tensor logits = null;
        Tensor open = null;
        if (s < scaleCount - 1) {
          logits = childLogits(batch, s, segment, middle);
          open = children(batch, s, selected.unsqueeze(2).expand(batch.size, selected.size(1), 4));
        }
        scales[s] = new Scan.Scale(selected, segment.index, segment.present, middle, logits, open);
        if (s < scaleCount - 1) {
          Tensor chosen = logits.detach().gt(Torch.scalar(thresholdLogit)).to(ScalarType.Float);
          selected = everything ? torch.ones_like(chosen) : chosen.mul(open);
          Tensor soft = logits.sigmoid();
          gate = selected.add(soft.sub(soft.detach()).mul(open));
        }
      }
    }

    // Encoder2: all segments at once; a token sees its own segment and the earlier ones.
    x = Torch.cat(1, segments);
    Tensor mask = Torch.cat(3, biases).add(causal(segments));
    for (int layer = half; layer < config.numHiddenLayers(); layer++) {
      x = block(x, layer, null, null, mask);
    }
    x = norm(x, "layernorm", config.layerNormEps());
    return collect(x, segments, scales);
  }

  private Scan collect(Tensor x, Tensor[] segments, Scan.Scale[] scales) {
    Tensor[] regs = new Tensor[scales.length];
    Tensor[] patches = new Tensor[scales.length];
    long offset = segments[0].size(1);
    for (int s = 0; s < scales.length; s++) {
      regs[s] = x.narrow(1, offset, 1);
      patches[s] = x.narrow(1, offset + 1, scales[s].index().size(1));
      offset += segments[s + 1].size(1);
    }
    Tensor reg = Torch.cat(1, regs);
    return new Scan(scales, patches, reg, boxes(reg));
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

  // ---- Tokens ----

  private Tensor embedText(Batch batch) {
    String text = "embeddings.text_embeddings.";
    Tensor ids = Torch.of(device, batch.ids, batch.size, batch.textLength);
    Tensor words =
        torch
            .embedding(parameters.get(text + "word_embeddings.weight"), ids)
            .add(parameters.get(text + "position_embeddings.weight").narrow(0, 0, batch.textLength))
            .add(parameters.get(text + "token_type_embeddings.weight").narrow(0, 0, 1));
    return norm(words, text + "LayerNorm", config.textLayerNormEps()).add(modality(0));
  }

  private Tensor modality(int number) {
    return parameters.get("embeddings.token_type_embeddings.weight").narrow(0, number, 1);
  }

  /** 0 for tokens, {@link #ABSENT} after an expression's end, [B, 1, 1, text]. */
  private Tensor textBias(Batch batch) {
    float[] bias = new float[batch.size * batch.textLength];
    for (int i = 0; i < batch.size; i++) {
      for (int j = batch.lengths[i]; j < batch.textLength; j++) {
        bias[i * batch.textLength + j] = (float) ABSENT;
      }
    }
    return Torch.of(device, bias, batch.size, 1, 1, batch.textLength);
  }

  /**
   * A scale's segment.
   *
   * @param tokens [B, t, C]
   * @param bias what is added to logits of its keys, [B, 1, 1, t]
   * @param index [B, m], see {@link Scan.Scale}
   * @param present [B, m]
   */
  private record Segment(Tensor tokens, Tensor bias, Tensor index, Tensor present) {}

  private Segment embedScale(Batch batch, int s, Tensor selected, Tensor gate) {
    long b = batch.size;
    long c = config.hiddenSize();
    long n = selected.size(1);
    Tensor place =
        modality(1)
            .add(parameters.get("embeddings.scale_embeddings.weight").narrow(0, s, 1))
            .view(1, 1, c);
    Tensor positions = parameters.get("embeddings.position_embeddings");
    Tensor reg =
        parameters
            .get("embeddings.cls_token")
            .add(positions.narrow(1, 0, 1))
            .add(place)
            .expand(b, 1, c);
    Tensor constant = parameters.get("embeddings.constant_token").add(place);
    Tensor weight = weight("embeddings.patch_embeddings.projection.weight").view(c, -1);
    Tensor projected =
        Torch.linear(
            batch.patchRows(device, s, type),
            weight,
            weight("embeddings.patch_embeddings.projection.bias"));
    Tensor grid = positions.narrow(1, 1, positions.size(1) - 1).view(-1, c);
    Tensor pos = positionWeights(batch.scales[s].rows, batch.scales[s].cols).matmul(grid);
    Tensor patches = projected.add(pos.unsqueeze(0).add(place));
    // s · patch + (1 − s) · constant
    Tensor x = constant.add(gate.unsqueeze(2).mul(patches.sub(constant)));

    if (form == Form.DENSE) {
      Tensor zero = torch.zeros(b, 1, 1, n + 1).to(device, ScalarType.Float);
      Tensor index = torch.arange(Torch.scalar(n)).to(device, ScalarType.Long);
      return new Segment(Torch.cat(1, reg, x), zero, index.expand(b, n), selected);
    }
    Tensor counts = selected.sum(1);
    // Few different shapes: the libraries prepare a kernel for each.
    long m = Math.min(n, (Math.max(1, counts.max().item_long()) + 7) / 8 * 8);
    Tensor order = torch.arange(Torch.scalar(n)).to(device, ScalarType.Float);
    Tensor rank = order.add(Torch.oneMinus(selected).mul(Torch.scalar(n)));
    Tensor index = rank.argsort(1, false).narrow(1, 0, m);
    Tensor present = selected.gather(1, index);
    Tensor chosen = x.gather(1, index.unsqueeze(2).expand(b, m, c));
    Tensor discarded = Torch.oneMinus(selected);
    Tensor number = discarded.sum(new long[] {1}, true, NO_TYPE);
    Tensor atLeastOne = number.clamp_min(Torch.scalar(1));
    Tensor mean = discarded.div(atLeastOne).unsqueeze(1).bmm(x);
    // If nothing is discarded, there is no constant token.
    Tensor constantBias =
        atLeastOne.log().add(number.eq(Torch.scalar(0)).to(ScalarType.Float).mul(absent()));
    Tensor bias =
        Torch.cat(
            1,
            torch.zeros(b, 1).to(device, ScalarType.Float),
            Torch.oneMinus(present).mul(absent()),
            constantBias);
    return new Segment(Torch.cat(1, reg, chosen, mean), bias.view(b, 1, 1, m + 2), index, present);
  }

  private static final org.bytedeco.pytorch.ScalarTypeOptional NO_TYPE =
      new org.bytedeco.pytorch.ScalarTypeOptional();

  private static org.bytedeco.pytorch.Scalar absent() {
    return Torch.scalar(ABSENT);
  }

  /** Bilinear weights with aligned corners from the stored grid to this one, [rows * cols, G²]. */
  private Tensor positionWeights(int rows, int cols) {
    int grid = config.positionGrid();
    float[] weights =
        positionWeights.computeIfAbsent(
            rows + "x" + cols,
            key -> {
              float[] made = new float[rows * cols * grid * grid];
              for (int p = 0; p < rows * cols; p++) {
                double y = rows == 1 ? 0 : (double) (p / cols) * (grid - 1) / (rows - 1);
                double x = cols == 1 ? 0 : (double) (p % cols) * (grid - 1) / (cols - 1);
                for (int g = 0; g < grid * grid; g++) {
                  double down = Math.max(0, 1 - Math.abs(y - g / grid));
                  double right = Math.max(0, 1 - Math.abs(x - g % grid));
                  made[p * grid * grid + g] = (float) (down * right);
                }
              }
              return made;
            });
    return Torch.of(device, weights, (long) rows * cols, (long) grid * grid);
  }

  // ---- Encoder ----

  /**
   * A block on a segment.
   *
   * @param keys keys of the earlier segments by layer, to which this one's are appended; null where
   *     a layer sees only x
   * @param bias what is added to the logits, [B, 1, 1 or queries, keys]
   */
  private Tensor block(Tensor x, int layer, Tensor[] keys, Tensor[] values, Tensor bias) {
    String name = "encoder.layer." + layer + ".";
    double epsilon = config.layerNormEps();
    long b = x.size(0);
    long t = x.size(1);
    long c = config.hiddenSize();
    long heads = config.numAttentionHeads();
    Tensor h = norm(x, name + "layernorm_before", epsilon);
    Tensor qkv =
        linear(h, name + "attention.attention.qkv")
            .view(b, t, 3, heads, c / heads)
            .permute(2, 0, 3, 1, 4);
    Tensor q = qkv.select(0, 0).mul(Torch.scalar(1 / Math.sqrt(config.headSize())));
    Tensor k = qkv.select(0, 1);
    Tensor v = qkv.select(0, 2);
    if (keys != null) {
      k = keys[layer] == null ? k : Torch.cat(2, keys[layer], k);
      v = values[layer] == null ? v : Torch.cat(2, values[layer], v);
      keys[layer] = k;
      values[layer] = v;
    }
    // PyTorch's fused attention is slower on CPUs in bf16 than these three steps.
    Tensor logits = q.matmul(k.transpose(2, 3)).add(bias.to(type));
    Tensor a = torch.softmax(logits, -1).matmul(v).transpose(1, 2).reshape(b, t, c);
    x = x.add(linear(a, name + "attention.output.dense"));
    h = norm(x, name + "layernorm_after", epsilon);
    h = torch.gelu(linear(h, name + "intermediate.dense"));
    return x.add(linear(h, name + "output.dense"));
  }

  /** 0 for segments up to a token's own, {@link #ABSENT} for later ones, [1, 1, T, T]. */
  private Tensor causal(Tensor[] segments) {
    int total = 0;
    for (Tensor segment : segments) {
      total += (int) segment.size(1);
    }
    float[] mask = new float[total * total];
    int begin = 0;
    for (Tensor segment : segments) {
      int end = begin + (int) segment.size(1);
      for (int i = begin; i < end; i++) {
        java.util.Arrays.fill(mask, i * total + end, (i + 1) * total, (float) ABSENT);
      }
      begin = end;
    }
    return Torch.of(device, mask, 1, 1, total, total);
  }

  // ---- Selection ----

  /** The next scale's logits, [B, 4 n], 0 for children of discarded patches. */
  private Tensor childLogits(Batch batch, int s, Segment segment, Tensor middle) {
    Tensor h = norm(middle, "selection_head.layernorm", config.layerNormEps());
    h = torch.gelu(head(h, "selection_head.dense"));
    Tensor logits = head(h, "selection_head.out_proj").mul(segment.present.unsqueeze(2));
    long b = batch.size;
    long n = (long) batch.scales[s].rows * batch.scales[s].cols;
    long m = segment.index.size(1);
    Tensor all =
        torch
            .zeros(b, n, 4)
            .to(device, ScalarType.Float)
            .scatter(1, segment.index.unsqueeze(2).expand(b, m, 4), logits);
    return children(batch, s, all);
  }

  /** From four numbers per patch, [B, n, 4], to the next scale's row-major order, [B, 4 n]. */
  private Tensor children(Batch batch, int s, Tensor perPatch) {
    long b = batch.size;
    long rows = batch.scales[s].rows;
    long cols = batch.scales[s].cols;
    return perPatch.reshape(b, rows, cols, 2, 2).permute(0, 1, 3, 2, 4).reshape(b, 4 * rows * cols);
  }
}
