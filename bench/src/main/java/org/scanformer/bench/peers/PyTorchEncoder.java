package org.scanformer.bench.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.model.ModelConfig;

/**
 * The encoder's layers in PyTorch, with their caches of keys and values and the attention masks of
 * the segments that go through them. Not safe for use by several threads.
 */
final class PyTorchEncoder {
  /**
   * A block of the encoder.
   *
   * @param qkv queries, keys and values as one product, [3 hidden, hidden]
   */
  private record Layer(
      PyTorchNorm before,
      PyTorchLinear qkv,
      PyTorchLinear projection,
      PyTorchNorm after,
      PyTorchLinear fc1,
      PyTorchLinear fc2) {}

  private final ModelConfig config;
  private final ScalarType type;
  private final long batch;
  private final PyTorchSegments segments;
  private final PyTorchKept kept;
  private final List<Layer> layers = new ArrayList<>();

  /** Keys and values of each layer, side by side, [batch, tokens, 2 hidden]. */
  private final List<Tensor> caches = new ArrayList<>();

  /** Reads the layers. */
  PyTorchEncoder(
      ModelConfig config,
      PyTorchWeights weights,
      ScalarType type,
      long batch,
      PyTorchSegments segments,
      PyTorchKept kept) {
    this.config = config;
    this.type = type;
    this.batch = batch;
    this.segments = segments;
    this.kept = kept;
    double epsilon = config.layerNormEps();
    long tokens = segments.tokens(0, config.numScales() + 1);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      String layer = "encoder.layer." + i + ".";
      String attention = layer + "attention.attention.";
      layers.add(
          new Layer(
              weights.norm(layer + "layernorm_before", epsilon),
              weights.linear(attention + "query", attention + "key", attention + "value"),
              weights.linear(layer + "attention.output.dense"),
              weights.norm(layer + "layernorm_after", epsilon),
              weights.linear(layer + "intermediate.dense"),
              weights.linear(layer + "output.dense")));
      caches.add(kept.keep(torch.zeros(batch, tokens, 2L * config.hiddenSize()).to(type)));
    }
  }

  /** All layers. */
  int layers() {
    return layers.size();
  }

  /**
   * What is added to the logits of the tokens of consecutive segments, and is kept: ln n for a
   * token that stands for n patches, −∞ for keys of segments after a token's own. One row does for
   * a single segment, whose tokens all see the same.
   *
   * @return [1, 1, tokens or 1, keys]; empty where all is 0
   */
  private TensorOptional attentionMask(int first, int end) {
    int keys = segments.tokens(0, end);
    boolean single = end - first == 1;
    int queries = single ? 1 : segments.tokens(first, end);
    float[] mask = new float[queries * keys];
    boolean plain = true;
    int query = 0;
    for (int segment = first; segment < end; segment++) {
      int visible = segments.tokens(0, segment + 1);
      for (int i = 0; i < (single ? 1 : segments.lengths()[segment]); i++, query++) {
        for (int s = 0; s <= segment; s++) {
          if (segments.discarded()[s] > 1) {
            mask[query * keys + segments.tokens(0, s + 1) - 1] =
                (float) Math.log(segments.discarded()[s]);
            plain = false;
          }
        }
        Arrays.fill(mask, query * keys + visible, (query + 1) * keys, Float.NEGATIVE_INFINITY);
        plain &= visible == keys;
      }
    }
    if (plain) {
      return kept.keep(new TensorOptional());
    }
    return kept.keep(new TensorOptional(Tensor.create(mask, 1, 1, queries, keys).to(type)));
  }

  /**
   * Consecutive segments that go through the encoder together.
   *
   * @param begin tokens before them
   * @param mask see {@link #attentionMask}
   * @param queries of their tokens those whose output of the last layer is wanted, int64
   * @param lastMask the mask's rows of these
   */
  record Pass(long begin, TensorOptional mask, Tensor queries, TensorOptional lastMask) {}

  /** A pass of the segments from first to end (exclusive). */
  Pass pass(int first, int end, long... queries) {
    TensorOptional mask = attentionMask(first, end);
    Tensor rows = kept.keep(Tensor.create(queries, queries.length));
    TensorOptional lastMask =
        mask.has_value() && mask.get().size(2) > 1
            ? kept.keep(new TensorOptional(mask.get().index_select(2, rows)))
            : mask;
    return new Pass(segments.tokens(0, first), mask, rows, lastMask);
  }

  /** Runs the layers from first to end (exclusive) on a pass. */
  Tensor encode(Pass pass, Tensor tokens, int first, int end) {
    Tensor x = tokens;
    for (int i = first; i < end; i++) {
      x =
          i < layers.size() - 1
              ? block(i, x, pass.begin, pass.mask, null)
              : block(i, x, pass.begin, pass.lastMask, pass.queries);
    }
    return x;
  }

  /**
   * A block over tokens that attend to each other and to earlier ones.
   *
   * @param x [batch, tokens, hidden]
   * @param begin tokens before them in the layer's cache; they are put after these
   * @param queries the tokens whose output is wanted, int64; null for all
   * @param mask see {@link #attentionMask}, with a row for each query
   * @return [batch, tokens or queries, hidden]
   */
  private Tensor block(int layer, Tensor x, long begin, TensorOptional mask, Tensor queries) {
    Layer weights = layers.get(layer);
    long tokens = x.size(1);
    long hidden = x.size(2);
    Tensor qkv = weights.qkv.apply(weights.before.apply(x));
    Tensor cache = caches.get(layer);
    cache.narrow(1, begin, tokens).copy_(qkv.narrow(2, hidden, 2 * hidden));
    Tensor kv = cache.narrow(1, 0, begin + tokens);
    Tensor q = qkv.narrow(2, 0, hidden);
    Tensor residual = x;
    if (queries != null) {
      q = q.index_select(1, queries);
      residual = x.index_select(1, queries);
    }
    Tensor context =
        attention(
                heads(q), heads(kv.narrow(2, 0, hidden)), heads(kv.narrow(2, hidden, hidden)), mask)
            .transpose(1, 2)
            .reshape(batch, -1, hidden);
    Tensor sum = weights.projection.add(context, residual);
    return weights.fc2.add(weights.fc1.gelu(weights.after.apply(sum)), sum);
  }

  /** [batch, heads, queries, head] from queries, keys and values, each [batch, heads, *, head]. */
  private Tensor attention(Tensor q, Tensor k, Tensor v, TensorOptional mask) {
    if (type == ScalarType.Float) {
      return torch.scaled_dot_product_attention(
          q, k, v, mask, 0, false, new DoubleOptional(), false);
    }
    // In bf16 the fused one takes three to ten times as long on CPUs as these steps.
    Tensor scaled = q.mul(new Scalar(1 / Math.sqrt(config.headSize())));
    Tensor logits = scaled.matmul(k.transpose(2, 3));
    if (mask.has_value()) {
      logits.add_(mask.get());
    }
    return torch.softmax(logits, -1).matmul(v);
  }

  /** [batch, tokens, hidden] as [batch, heads, tokens, head]. */
  private Tensor heads(Tensor x) {
    return x.view(batch, x.size(1), config.numAttentionHeads(), config.headSize()).transpose(1, 2);
  }
}
