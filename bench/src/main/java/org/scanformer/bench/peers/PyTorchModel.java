package org.scanformer.bench.peers;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.PatchMask;
import org.scanformer.bench.Workload;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TensorNames;

/**
 * The model of MODEL.md in PyTorch, and what can be prepared for a workload: weights in oneDNN's
 * layout, embeddings of positions interpolated to each scale's grid, attention masks, caches of
 * keys and values. In bf16 all of it is, as after {@code model.to(torch.bfloat16)}, but for the
 * heads on [REG], which are a row a request. Not safe for use by several threads.
 *
 * <p>Segment 0 is the text, segment s + 1 is scale s.
 */
final class PyTorchModel implements AutoCloseable {
  /** A layer norm's scale and shift, [hidden] each. */
  private record Norm(TensorOptional weight, TensorOptional bias, double epsilon) {
    Tensor apply(Tensor x) {
      return torch.layer_norm(x, new long[] {x.size(-1)}, weight, bias, epsilon, true);
    }
  }

  /**
   * A block of the encoder.
   *
   * @param qkv queries, keys and values as one product, [3 hidden, hidden]
   */
  private record Layer(
      Norm before,
      PyTorchLinear qkv,
      PyTorchLinear projection,
      Norm after,
      PyTorchLinear fc1,
      PyTorchLinear fc2) {}

  private final ModelConfig config;
  private final ScalarType type;
  private final long batch;
  private final int firstSegment;

  /** Tokens of each segment. */
  private final int[] lengths;

  /** Patches that each segment's last token stands for. */
  private final int[] discarded;

  private final List<Pointer> kept = new ArrayList<>();
  private final List<PyTorchLinear> linears = new ArrayList<>();

  /** The pixels of each scale in fp32, a line of a patch a row, [*, patch]. */
  private final List<Tensor> canvases = new ArrayList<>();

  private final Tensor ids;
  private final Tensor words;
  private final Tensor textPlaces;
  private final Norm textNorm;
  private final Tensor textModality;
  private final PyTorchLinear projection;

  /** [REG] tokens and constant tokens of each scale, [batch, 1, hidden]. */
  private final List<Tensor> regs = new ArrayList<>();

  private final List<Tensor> constants = new ArrayList<>();

  /** Position, modality and scale of each patch of each scale, [rows * cols, hidden]. */
  private final List<Tensor> places = new ArrayList<>();

  private final List<Layer> layers = new ArrayList<>();

  /** Keys and values of each layer, side by side, [batch, tokens, 2 hidden]. */
  private final List<Tensor> caches = new ArrayList<>();

  private final Norm finalNorm;
  private final Norm selectionNorm;
  private final PyTorchLinear selectionDense;
  private final PyTorchLinear selectionOut;
  private final List<PyTorchLinear> boxHead;

  /** Null where the model has none. */
  private final PyTorchLinear scoreHead;

  /** Whether the linear layers are laid out for oneDNN. */
  private final boolean packed;

  /** Reads a workload's model, in a scope; what it keeps outlives the scope. */
  PyTorchModel(Workload workload, boolean packed) {
    this.packed = packed;
    config = workload.config();
    type =
        switch (workload.precision()) {
          case FP32 -> ScalarType.Float;
          case BF16 -> ScalarType.BFloat16;
          default ->
              throw new IllegalArgumentException(
                  "PyTorch runs on CPUs in fp32 and bf16, not in " + workload.precision());
        };
    batch = workload.batch();
    int scales = config.numScales();
    lengths = new int[scales + 1];
    discarded = new int[scales + 1];
    lengths[0] = workload.ids().length;
    for (int s = 0; s < scales; s++) {
      lengths[s + 1] = workload.tokens(s);
      discarded[s + 1] = workload.mask(s).total() - workload.mask(s).count();
    }
    try (ModelDirectory directory = ModelDirectory.open(workload.directory())) {
      Loader load = new Loader(directory);
      String text = "embeddings.text_embeddings.";
      long[] tokens = Arrays.stream(workload.ids()).asLongStream().toArray();
      ids = keep(Tensor.create(tokens, 1, tokens.length).expand(batch, tokens.length));
      words = keep(load.tensor(text + "word_embeddings.weight"));
      textPlaces =
          keep(
              load.tensor(text + "position_embeddings.weight")
                  .narrow(0, 0, tokens.length)
                  .add(load.tensor(text + "token_type_embeddings.weight").narrow(0, 0, 1)));
      textNorm = load.norm(text + "LayerNorm", config.textLayerNormEps());
      Tensor modalities = load.tensor("embeddings.token_type_embeddings.weight");
      textModality = keep(modalities.narrow(0, 0, 1));
      projection = load.linear("embeddings.patch_embeddings.projection");
      embedScales(load, modalities.narrow(0, 1, 1), workload);

      double epsilon = config.layerNormEps();
      for (int i = 0; i < config.numHiddenLayers(); i++) {
        String layer = "encoder.layer." + i + ".";
        String attention = layer + "attention.attention.";
        layers.add(
            new Layer(
                load.norm(layer + "layernorm_before", epsilon),
                load.linear(attention + "query", attention + "key", attention + "value"),
                load.linear(layer + "attention.output.dense"),
                load.norm(layer + "layernorm_after", epsilon),
                load.linear(layer + "intermediate.dense"),
                load.linear(layer + "output.dense")));
        caches.add(
            keep(torch.zeros(batch, tokens(0, scales + 1), 2L * config.hiddenSize()).to(type)));
      }
      finalNorm = load.norm("layernorm", epsilon);
      selectionNorm = load.norm("selection_head.layernorm", epsilon);
      selectionDense = load.linear("selection_head.dense");
      selectionOut = load.linear("selection_head.out_proj");
      boxHead =
          List.of(
              load.head("box_head.layers.0"),
              load.head("box_head.layers.1"),
              load.head("box_head.layers.2"));
      scoreHead = config.scoreHead() ? load.head("score_head") : null;
    }
    for (FloatBuffer canvas : workload.canvases()) {
      float[] pixels = new float[canvas.remaining()];
      canvas.get(pixels);
      canvases.add(keep(Tensor.create(pixels, pixels.length).view(-1, config.patchSize())));
    }
    firstSegment = workload.textCached() ? 1 : 0;
    if (firstSegment == 1) {
      encode(pass(0, 1, 0), embedText(), 0, layers.size());
    }
  }

  /** Reads tensors in the model's type. */
  private final class Loader {
    private final ModelDirectory directory;
    private final Map<String, long[]> shapes = TensorNames.shapes(config);

    Loader(ModelDirectory directory) {
      this.directory = directory;
    }

    private Tensor fp32(String name) {
      long[] shape = shapes.get(name);
      long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      float[] data = new float[Math.toIntExact(elements)];
      directory.read(name, 0, FloatBuffer.wrap(data));
      return Tensor.create(data, shape);
    }

    Tensor tensor(String name) {
      return fp32(name).to(type);
    }

    Norm norm(String name, double epsilon) {
      return new Norm(
          keep(new TensorOptional(tensor(name + ".weight"))),
          keep(new TensorOptional(tensor(name + ".bias"))),
          epsilon);
    }

    /** One layer, or several on the same input as one. */
    PyTorchLinear linear(String... names) {
      Tensor[] weights = new Tensor[names.length];
      Tensor[] biases = new Tensor[names.length];
      for (int i = 0; i < names.length; i++) {
        weights[i] = tensor(names[i] + ".weight").flatten(1, -1);
        biases[i] = tensor(names[i] + ".bias");
      }
      return pack(cat(0, weights), cat(0, biases));
    }

    /** A head on [REG], in fp32. */
    PyTorchLinear head(String name) {
      return pack(fp32(name + ".weight"), fp32(name + ".bias"));
    }

    private PyTorchLinear pack(Tensor weight, Tensor bias) {
      PyTorchLinear linear =
          packed ? new PyTorchPackedLinear(weight, bias) : new PyTorchPlainLinear(weight, bias);
      linears.add(linear);
      return linear;
    }
  }

  private void embedScales(Loader load, Tensor modality, Workload workload) {
    long hidden = config.hiddenSize();
    long grid = config.positionGrid();
    Tensor positions = load.fp32("embeddings.position_embeddings");
    Tensor stored = positions.narrow(1, 1, grid * grid).view(1, grid, grid, hidden);
    Tensor cls = load.tensor("embeddings.cls_token").add(positions.narrow(1, 0, 1).to(type));
    Tensor constant = load.tensor("embeddings.constant_token");
    Tensor scales = load.tensor("embeddings.scale_embeddings.weight");
    for (int s = 0; s < config.numScales(); s++) {
      Tensor place = modality.add(scales.narrow(0, s, 1));
      long[] size = {workload.mask(s).rows(), workload.mask(s).cols()};
      Tensor interpolated =
          torch
              .upsample_bilinear2d(stored.permute(0, 3, 1, 2), size, true)
              .flatten(2, -1)
              .squeeze(0)
              .transpose(0, 1);
      regs.add(keep(cls.add(place).expand(batch, 1, hidden)));
      places.add(keep(interpolated.to(type).add(place).contiguous()));
      constants.add(keep(constant.add(place).expand(batch, 1, hidden)));
    }
  }

  /** Lets a pointer outlive the scope that it is made in, until {@link #close()}. */
  <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    kept.add(pointer);
    return pointer;
  }

  /** Joins tensors along a dimension. */
  static Tensor cat(long dimension, Tensor... parts) {
    try (TensorVector vector = new TensorVector(parts)) {
      return torch.cat(vector, dimension);
    }
  }

  /** Scales of the model. */
  int scales() {
    return config.numScales();
  }

  /** The first segment that a call runs: the text, or scale 0 when the text is in the caches. */
  int firstSegment() {
    return firstSegment;
  }

  /** Layers of Encoder1. */
  int encoder1Layers() {
    return config.encoder1Layers();
  }

  /** All encoder layers. */
  int layers() {
    return layers.size();
  }

  /** Tokens of a request in the segments from first to end (exclusive). */
  int tokens(int first, int end) {
    int sum = 0;
    for (int i = first; i < end; i++) {
      sum += lengths[i];
    }
    return sum;
  }

  // ---- Tokens ----

  /** The text's tokens, [batch, text, hidden]. */
  Tensor embedText() {
    Tensor sum = torch.embedding(words, ids).add(textPlaces);
    return textNorm.apply(sum).add(textModality);
  }

  /**
   * Patches of a scale that are looked at, prepared to be gathered.
   *
   * @param lines their lines of pixels among all of the canvas, [batch * m * 3 * patch]
   * @param cells themselves in their grid, [batch * m]
   */
  record Patches(Tensor lines, Tensor cells) {}

  /** Finds the patches that the masks of a scale select, request by request in row-major order. */
  Patches patches(Workload workload, int scale) {
    int rows = workload.mask(scale).rows();
    int cols = workload.mask(scale).cols();
    int patch = config.patchSize();
    LongStream.Builder lines = LongStream.builder();
    LongStream.Builder cells = LongStream.builder();
    for (int r = 0; r < batch; r++) {
      PatchMask mask = workload.masks().get(r).get(scale);
      for (int cell = 0; cell < rows * cols; cell++) {
        if (mask.isSelected(cell / cols, cell % cols)) {
          cells.add(cell);
          for (int line = 0; line < 3 * patch; line++) {
            int channel = line / patch;
            int y = cell / cols * patch + line % patch;
            lines.add(((r * 3L + channel) * rows * patch + y) * cols + cell % cols);
          }
        }
      }
    }
    return new Patches(indices(lines), indices(cells));
  }

  private Tensor indices(LongStream.Builder indices) {
    long[] values = indices.build().toArray();
    return keep(Tensor.create(values, values.length));
  }

  /** A scale's segment, [batch, tokens, hidden]. */
  Tensor embedScale(int scale, Patches patches) {
    long count = patches.cells.size(0);
    List<Tensor> parts = new ArrayList<>();
    parts.add(regs.get(scale));
    if (count > 0) {
      // Whole lines of pixels are copied: much faster than indexing a view of patches.
      Tensor pixels = canvases.get(scale).index_select(0, patches.lines).view(count, -1).to(type);
      Tensor place = places.get(scale).index_select(0, patches.cells);
      parts.add(projection.add(pixels, place).view(batch, -1, config.hiddenSize()));
    }
    if (discarded[scale + 1] > 0) {
      parts.add(constants.get(scale));
    }
    return cat(1, parts.toArray(Tensor[]::new));
  }

  // ---- Encoder ----

  /**
   * What is added to the logits of the tokens of consecutive segments, and is kept: ln n for a
   * token that stands for n patches, −∞ for keys of segments behind a token's own. One row does for
   * a single segment, whose tokens all see the same.
   *
   * @return [1, 1, tokens or 1, keys]; empty where all is 0
   */
  private TensorOptional attentionMask(int first, int end) {
    int keys = tokens(0, end);
    boolean alone = end - first == 1;
    int queries = alone ? 1 : tokens(first, end);
    float[] mask = new float[queries * keys];
    boolean plain = true;
    int query = 0;
    for (int segment = first; segment < end; segment++) {
      int visible = tokens(0, segment + 1);
      for (int i = 0; i < (alone ? 1 : lengths[segment]); i++, query++) {
        for (int s = 0; s <= segment; s++) {
          if (discarded[s] > 1) {
            mask[query * keys + tokens(0, s + 1) - 1] = (float) Math.log(discarded[s]);
            plain = false;
          }
        }
        Arrays.fill(mask, query * keys + visible, (query + 1) * keys, Float.NEGATIVE_INFINITY);
        plain &= visible == keys;
      }
    }
    if (plain) {
      return keep(new TensorOptional());
    }
    return keep(new TensorOptional(Tensor.create(mask, 1, 1, queries, keys).to(type)));
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
    Tensor rows = keep(Tensor.create(queries, queries.length));
    TensorOptional lastMask =
        mask.has_value() && mask.get().size(2) > 1
            ? keep(new TensorOptional(mask.get().index_select(2, rows)))
            : mask;
    return new Pass(tokens(0, first), mask, rows, lastMask);
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
   * @param begin tokens before them in the layer's cache; they are put behind these
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

  // ---- Heads ----

  /**
   * Four logits for each patch of a scale that is looked at; there may be none.
   *
   * @param tokens [batch, tokens, hidden] behind Encoder1; the last ones are the scale's
   * @return [batch, patches, 4]
   */
  Tensor childLogits(int scale, Tensor tokens) {
    long length = lengths[scale + 1];
    long count = length - 1 - (discarded[scale + 1] > 0 ? 1 : 0);
    Tensor patches = tokens.narrow(1, tokens.size(1) - length + 1, count);
    return selectionOut.apply(selectionDense.gelu(selectionNorm.apply(patches)));
  }

  /**
   * Boxes from [REG] tokens behind the last layer, [batch, scales, hidden].
   *
   * @return [batch * 4], each request's last box as (cx, cy, w, h)
   */
  float[] lastBoxes(Tensor reg) {
    Tensor norm = finalNorm.apply(reg).to(ScalarType.Float);
    if (scoreHead != null) {
      scoreHead.sigmoid(norm);
    }
    Tensor boxes = boxHead.get(2).sigmoid(boxHead.get(1).relu(boxHead.get(0).relu(norm)));
    float[] values = new float[Math.toIntExact(batch * 4)];
    boxes.select(1, -1).contiguous().data_ptr_float().get(values);
    return values;
  }

  @Override
  public void close() {
    linears.forEach(PyTorchLinear::close);
    kept.forEach(Pointer::releaseReference);
  }
}
