package org.scanformer.bench.peers;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.PatchMask;
import org.scanformer.bench.Workload;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;

/**
 * The model of MODEL.md in PyTorch, with everything that can be prepared for a workload: weights in
 * oneDNN's layout, embeddings of positions interpolated to each scale's grid, attention masks,
 * caches of keys and values. In bf16 all of them are, as after {@code model.to(torch.bfloat16)},
 * except the heads on [REG], which have one row per request. Not safe for use by several threads.
 */
final class PyTorchModel implements AutoCloseable {
  private final ModelConfig config;
  private final ScalarType type;
  private final long batch;
  private final int firstSegment;

  private final PyTorchSegments segments;
  private final PyTorchKept kept = new PyTorchKept();

  /** The pixels of each scale in fp32, a line of a patch a row, [*, patch]. */
  private final List<Tensor> canvases = new ArrayList<>();

  private final Tensor ids;
  private final Tensor words;
  private final Tensor textPlaces;
  private final PyTorchNorm textNorm;
  private final Tensor textModality;
  private final PyTorchLinear projection;

  /** [REG] tokens and constant tokens of each scale, [batch, 1, hidden]. */
  private final List<Tensor> regs = new ArrayList<>();

  private final List<Tensor> constants = new ArrayList<>();

  /** Position, modality and scale of each patch of each scale, [rows * cols, hidden]. */
  private final List<Tensor> places = new ArrayList<>();

  private final PyTorchEncoder encoder;
  private final PyTorchNorm finalNorm;
  private final PyTorchNorm selectionNorm;
  private final PyTorchLinear selectionDense;
  private final PyTorchLinear selectionOut;
  private final List<PyTorchLinear> boxHead;

  /** Null where the model has none. */
  private final PyTorchLinear scoreHead;

  /**
   * Reads a workload's model, in a scope; what it keeps outlives the scope.
   *
   * @param packed whether the linear layers are laid out for oneDNN
   */
  PyTorchModel(Workload workload, boolean packed) {
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
    int[] lengths = new int[scales + 1];
    int[] discarded = new int[scales + 1];
    lengths[0] = workload.ids().length;
    for (int s = 0; s < scales; s++) {
      lengths[s + 1] = workload.tokens(s);
      discarded[s + 1] = workload.mask(s).total() - workload.mask(s).count();
    }
    segments = new PyTorchSegments(lengths, discarded);
    try (ModelDirectory directory = ModelDirectory.open(workload.directory())) {
      PyTorchWeights load = new PyTorchWeights(config, directory, type, packed, kept);
      String text = "embeddings.text_embeddings.";
      long[] tokens = Arrays.stream(workload.ids()).asLongStream().toArray();
      ids = kept.keep(Tensor.create(tokens, 1, tokens.length).expand(batch, tokens.length));
      words = kept.keep(load.tensor(text + "word_embeddings.weight"));
      textPlaces =
          kept.keep(
              load.tensor(text + "position_embeddings.weight")
                  .narrow(0, 0, tokens.length)
                  .add(load.tensor(text + "token_type_embeddings.weight").narrow(0, 0, 1)));
      textNorm = load.norm(text + "LayerNorm", config.textLayerNormEps());
      Tensor modalities = load.tensor("embeddings.token_type_embeddings.weight");
      textModality = kept.keep(modalities.narrow(0, 0, 1));
      projection = load.linear("embeddings.patch_embeddings.projection");
      embedScales(load, modalities.narrow(0, 1, 1), workload);

      encoder = new PyTorchEncoder(config, load, type, batch, segments, kept);
      double epsilon = config.layerNormEps();
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
      canvases.add(kept.keep(Tensor.create(pixels, pixels.length).view(-1, config.patchSize())));
    }
    firstSegment = workload.textCached() ? 1 : 0;
    if (firstSegment == 1) {
      encoder.encode(encoder.pass(0, 1, 0), embedText(), 0, encoder.layers());
    }
  }

  private void embedScales(PyTorchWeights load, Tensor modality, Workload workload) {
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
      regs.add(kept.keep(cls.add(place).expand(batch, 1, hidden)));
      places.add(kept.keep(interpolated.to(type).add(place).contiguous()));
      constants.add(kept.keep(constant.add(place).expand(batch, 1, hidden)));
    }
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

  /** The layers. */
  PyTorchEncoder encoder() {
    return encoder;
  }

  /** Tokens of a request in the segments from first to end (exclusive). */
  int tokens(int first, int end) {
    return segments.tokens(first, end);
  }

  // ---- Tokens ----

  /** The text's tokens, [batch, text, hidden]. */
  Tensor embedText() {
    Tensor sum = torch.embedding(words, ids).add(textPlaces);
    return textNorm.apply(sum).add(textModality);
  }

  /**
   * The selected patches of a scale, prepared for gathering.
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
    return kept.keep(Tensor.create(values, values.length));
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
    if (segments.discarded()[scale + 1] > 0) {
      parts.add(constants.get(scale));
    }
    return cat(1, parts.toArray(Tensor[]::new));
  }

  // ---- Heads ----

  /**
   * Four logits for each selected patch of a scale; there may be none.
   *
   * @param tokens [batch, tokens, hidden] after Encoder1; the last ones are the scale's
   * @return [batch, patches, 4]
   */
  Tensor childLogits(int scale, Tensor tokens) {
    long length = segments.lengths()[scale + 1];
    long count = length - 1 - (segments.discarded()[scale + 1] > 0 ? 1 : 0);
    Tensor patches = tokens.narrow(1, tokens.size(1) - length + 1, count);
    return selectionOut.apply(selectionDense.gelu(selectionNorm.apply(patches)));
  }

  /**
   * Boxes from [REG] tokens after the last layer, [batch, scales, hidden].
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
    kept.close();
  }
}
