package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TensorNames;

/**
 * All parameters as one vector, and their gradients as another, so that an optimiser's step, a
 * checkpoint or an average takes a handful of operations. The layers' matrices come first, those of
 * one shape side by side; the rest follows. The vector includes parameters that only training has
 * ("aux.…").
 *
 * <p>Owns its tensors until {@link #close()}. Not thread-safe.
 */
final class Parameters implements AutoCloseable {
  /** The prefix of the names of parameters that only training needs. */
  static final String AUXILIARY = "aux.";

  /** The head that tells which patches the target overlaps. */
  static final String TARGET_MAP = "target_map";

  /**
   * Matrices of one shape that lie side by side.
   *
   * @param offset of the first, in elements
   */
  record MatrixStack(long offset, long count, long rows, long cols) {
    long elements() {
      return count * rows * cols;
    }
  }

  private record Entry(long[] shape, long offset) {
    long elements() {
      return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }
  }

  private final ModelConfig config;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, Tensor> leaves = new LinkedHashMap<>();
  private final List<MatrixStack> stacks = new ArrayList<>();
  private final long size;
  private final Tensor values;
  private final Tensor gradients;

  /**
   * Reserves parameters, all zero.
   *
   * @param auxiliary further parameters by name, with their shapes
   */
  Parameters(ModelConfig config, Map<String, long[]> auxiliary, Device device) {
    this.config = config;
    Map<String, long[]> shapes = new LinkedHashMap<>(TensorNames.shapes(config));
    auxiliary.forEach((name, shape) -> shapes.put(AUXILIARY + name, shape));
    long c = config.hiddenSize();
    long i = config.intermediateSize();
    long layers = config.numHiddenLayers();
    long offset = 0;
    for (int layer = 0; layer < layers; layer++) {
      for (String name : attentionNames(layer)) {
        offset = place(name + ".weight", shapes, offset);
      }
    }
    stacks.add(new MatrixStack(0, 4 * layers, c, c));
    stacks.add(new MatrixStack(offset, layers, i, c));
    for (int layer = 0; layer < layers; layer++) {
      offset = place(layer(layer) + "intermediate.dense.weight", shapes, offset);
    }
    stacks.add(new MatrixStack(offset, layers, c, i));
    for (int layer = 0; layer < layers; layer++) {
      offset = place(layer(layer) + "output.dense.weight", shapes, offset);
    }
    for (int layer = 0; layer < layers; layer++) {
      for (String name : attentionNames(layer)) {
        offset = place(name + ".bias", shapes, offset);
      }
    }
    for (String name : shapes.keySet()) {
      if (!entries.containsKey(name)) {
        offset = place(name, shapes, offset);
      }
    }
    size = offset;
    values = Torch.zeros(device, ScalarType.Float, size);
    gradients = Torch.zeros(device, ScalarType.Float, size);
    makeLeaves();
  }

  /** The name here of a tensor that a model directory may have: its candidate head's. */
  static String trainingName(String optional) {
    return optional.replace(TensorNames.CANDIDATE_HEAD, AUXILIARY + TARGET_MAP);
  }

  private static String layer(int layer) {
    return "encoder.layer." + layer + ".";
  }

  private static List<String> attentionNames(int layer) {
    String attention = layer(layer) + "attention.";
    return List.of(
        attention + "attention.query",
        attention + "attention.key",
        attention + "attention.value",
        attention + "output.dense");
  }

  private long place(String name, Map<String, long[]> shapes, long offset) {
    Entry entry = new Entry(shapes.get(name), offset);
    entries.put(name, entry);
    return offset + entry.elements();
  }

  /** Query, key and value are one leaf, as they are one matrix product. */
  private void makeLeaves() {
    long c = config.hiddenSize();
    entries.forEach(
        (name, entry) -> {
          if (name.contains(".attention.attention.query.")) {
            long[] shape = name.endsWith("weight") ? new long[] {3 * c, c} : new long[] {3 * c};
            leaves.put(name.replace("query", "qkv"), leaf(entry.offset, shape));
          } else if (!name.contains(".attention.attention.")) {
            leaves.put(name, leaf(entry.offset, entry.shape));
          }
        });
  }

  private Tensor leaf(long offset, long[] shape) {
    Tensor leaf = view(values, offset, shape).detach().set_requires_grad(true);
    leaf.mutable_grad().put(view(gradients, offset, shape));
    return leaf;
  }

  private static Tensor view(Tensor flat, long offset, long[] shape) {
    long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return flat.narrow(0, offset, elements).view(shape);
  }

  /** The configuration that determines the shapes. */
  ModelConfig config() {
    return config;
  }

  /** Number of elements, including those that only training has. */
  long size() {
    return size;
  }

  /** Every element, [size]. */
  Tensor values() {
    return values;
  }

  /** The gradient of every element, [size]; backward adds to it. */
  Tensor gradients() {
    return gradients;
  }

  /** The layers' matrices; they fill the vector's beginning. */
  List<MatrixStack> matrixStacks() {
    return Collections.unmodifiableList(stacks);
  }

  /** Elements of the layers' matrices. */
  long matrixElements() {
    return stacks.stream().mapToLong(MatrixStack::elements).sum();
  }

  /** A trainable tensor by its name, query, key and value together as "qkv". */
  Tensor get(String name) {
    Tensor leaf = leaves.get(name);
    if (leaf == null) {
      throw new IllegalArgumentException("no parameter " + name);
    }
    return leaf;
  }

  /** The names of all tensors, as in a model directory, and their shapes. */
  Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    entries.forEach((name, entry) -> shapes.put(name, entry.shape.clone()));
    return shapes;
  }

  /** A tensor's part of a vector of this layout; a view. */
  Tensor part(Tensor flat, String name) {
    Entry entry = entries.get(name);
    return view(flat, entry.offset, entry.shape);
  }

  /** 1 where weight decay applies: in matrices, except embeddings; [size]. */
  Tensor decayMask() {
    Tensor mask = Torch.zeros(values.device(), ScalarType.Float, size);
    entries.forEach(
        (name, entry) -> {
          if (name.endsWith(".weight")
              && entry.shape.length >= 2
              && !name.contains("embeddings.")) {
            view(mask, entry.offset, entry.shape).fill_(Torch.scalar(1));
          }
        });
    return mask;
  }

  /**
   * Draws the initial values: matrices and embeddings normal, the two that end a residual branch
   * smaller by the square root of twice the layers, norms one, biases zero. Heads that only
   * training has start at zero: otherwise their first gradients would undo what a trained model has
   * learnt. Positions start as sines and cosines of rows and columns. The box head starts at a
   * centred box with a quarter of the image's sides.
   */
  void initialize(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double std = 0.02 * Math.sqrt(768.0 / config.hiddenSize());
    entries.forEach(
        (name, entry) -> {
          float[] data = new float[Math.toIntExact(entry.elements())];
          if (name.endsWith("position_embeddings") && !name.contains("text_embeddings")) {
            positions(data, random);
          } else if (name.equals("box_head.layers.2.bias")) {
            data[2] = (float) -Math.log(3);
            data[3] = (float) -Math.log(3);
          } else if (isNorm(name)) {
            Arrays.fill(data, name.endsWith("weight") ? 1 : 0);
          } else if (!name.endsWith("bias") && !name.startsWith(AUXILIARY)) {
            boolean endsBranch = name.endsWith("output.dense.weight");
            double scale = endsBranch ? std / Math.sqrt(2 * config.numHiddenLayers()) : std;
            for (int j = 0; j < data.length; j++) {
              data[j] = (float) (scale * random.nextGaussian());
            }
          }
          Torch.set(part(values, name), data);
        });
  }

  private static boolean isNorm(String name) {
    String lower = name.toLowerCase(java.util.Locale.ROOT);
    return lower.contains("layernorm");
  }

  /** [1, G*G+1, C]: sines and cosines of the column in the first half of C, of the row after. */
  private void positions(float[] data, SplittableRandom random) {
    int c = config.hiddenSize();
    int grid = config.positionGrid();
    for (int j = 0; j < c; j++) {
      data[j] = (float) (0.02 * random.nextGaussian());
    }
    int quarter = Math.max(1, c / 4);
    for (int p = 0; p < grid * grid; p++) {
      double[] place = {(p % grid + 0.5) / grid, (p / grid + 0.5) / grid};
      for (int j = 0; j < c; j++) {
        int k = j % (2 * quarter);
        // From half a wave over the image up to a wave every two cells.
        double waves = 0.5 * Math.pow(grid, (k / 2) / (double) Math.max(1, quarter - 1));
        double angle = 2 * Math.PI * waves * place[Math.min(1, j / (2 * quarter))];
        data[(p + 1) * c + j] = (float) (0.4 * (k % 2 == 0 ? Math.sin(angle) : Math.cos(angle)));
      }
    }
  }

  @Override
  public void close() {
    leaves.values().forEach(Tensor::close);
    values.close();
    gradients.close();
  }
}
