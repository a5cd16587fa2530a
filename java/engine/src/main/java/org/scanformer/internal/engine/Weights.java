package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TensorNames;

/**
 * A model's weights on a device, by their places in the model. Linear layers are laid out once,
 * here; embeddings, biases of the queries, keys and values, and norms are fp32. Immutable after
 * loading; freed with the backend.
 */
final class Weights {
  /** A layer norm's scale and shift, [hidden] each. */
  record Norm(Tensor weight, Tensor bias) {}

  /**
   * One block of the encoder.
   *
   * @param qkv queries, keys and values stacked, [3 hidden, hidden], without its bias, which the
   *     cache append adds
   */
  record Layer(
      Norm before,
      Linear qkv,
      Tensor qkvBias,
      Linear projection,
      Norm after,
      Linear fc1,
      Linear fc2) {}

  final Tensor wordEmbeddings;
  final Tensor textPositions;
  final Tensor tokenType;
  final Norm textNorm;
  final Tensor clsToken;
  final Tensor imagePositions;
  final Linear patchProjection;
  final Tensor textModality;
  final Tensor imageModality;
  final Tensor scaleEmbeddings;
  final Tensor constantToken;
  final List<Layer> layers;
  final Norm finalNorm;
  final Norm selectionNorm;
  final Linear selectionDense;
  final Linear selectionOut;
  final List<Linear> boxHead;

  /** Null where the model has none. */
  final Linear scoreHead;

  /** Null where the model has none. */
  final Linear candidateHead;

  final Tensor imageMean;
  final Tensor imageStd;

  /** Bytes of device memory that the weights of a model will take, about. */
  static long bytes(ModelConfig config, long parameters, ElementType activationType) {
    int hidden = config.hiddenSize();
    long embeddings = ((long) config.vocabSize() + config.maxTextLength()) * hidden;
    long linear = parameters - embeddings;
    return embeddings * Float.BYTES + linear * activationType.bytes();
  }

  private Weights(ModelDirectory model, Backend backend) {
    Loader load = new Loader(model, backend);
    ModelConfig config = model.config();
    int hidden = config.hiddenSize();
    ElementType activation = backend.activationType();

    String text = "embeddings.text_embeddings.";
    wordEmbeddings = load.tensor(text + "word_embeddings.weight", config.vocabSize(), hidden, 0);
    textPositions =
        load.tensor(text + "position_embeddings.weight", config.maxTextLength(), hidden, 0);
    tokenType = load.tensor(text + "token_type_embeddings.weight", 1, hidden, 0);
    textNorm = load.norm(text + "LayerNorm");
    clsToken = load.tensor("embeddings.cls_token", 1, hidden, 0);
    int grid = config.positionGrid();
    imagePositions =
        load.tensor("embeddings.position_embeddings", (long) grid * grid + 1, hidden, 0);
    patchProjection =
        load.linear(
            "embeddings.patch_embeddings.projection",
            hidden,
            config.numChannels() * config.patchSize() * config.patchSize(),
            activation);
    textModality = load.tensor("embeddings.token_type_embeddings.weight", 1, hidden, 0);
    imageModality = load.tensor("embeddings.token_type_embeddings.weight", 1, hidden, 1);
    scaleEmbeddings =
        load.tensor("embeddings.scale_embeddings.weight", config.numScales(), hidden, 0);
    constantToken = load.tensor("embeddings.constant_token", 1, hidden, 0);

    List<Layer> blocks = new ArrayList<>();
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      String layer = "encoder.layer." + i + ".";
      String attention = layer + "attention.attention.";
      List<String> parts = List.of(attention + "query", attention + "key", attention + "value");
      blocks.add(
          new Layer(
              load.norm(layer + "layernorm_before"),
              load.stackedWithoutBias(parts, hidden, hidden, activation),
              load.stackedBias(parts, hidden),
              load.linear(layer + "attention.output.dense", hidden, hidden, activation),
              load.norm(layer + "layernorm_after"),
              load.linear(
                  layer + "intermediate.dense", config.intermediateSize(), hidden, activation),
              load.linear(layer + "output.dense", hidden, config.intermediateSize(), activation)));
    }
    layers = List.copyOf(blocks);
    finalNorm = load.norm("layernorm");
    selectionNorm = load.norm("selection_head.layernorm");
    selectionDense = load.linear("selection_head.dense", hidden, hidden, activation);
    selectionOut = load.linear("selection_head.out_proj", 4, hidden, activation);
    // The heads on [REG] are one row a request: fp32 costs nothing and keeps the box exact (where
    // all of fp32's products are not asked for in TensorFloat-32).
    boxHead =
        List.of(
            load.linear("box_head.layers.0", hidden, hidden, ElementType.F32),
            load.linear("box_head.layers.1", hidden, hidden, ElementType.F32),
            load.linear("box_head.layers.2", 4, hidden, ElementType.F32));
    scoreHead = config.scoreHead() ? load.scoreHead(config.scoreCalibration()) : null;
    candidateHead =
        model.hasCandidateHead()
            ? load.linear(TensorNames.CANDIDATE_HEAD, 1, hidden, ElementType.F32)
            : null;
    imageMean = load.constants("image_mean", config.imageMean());
    imageStd = load.constants("image_std", config.imageStd());
  }

  /**
   * Reads a model's tensors and lays them out on a device.
   *
   * @throws ScanFormerException OUT_OF_MEMORY when one of them is larger than can be addressed
   */
  static Weights load(ModelDirectory model, Backend backend) {
    try {
      return new Weights(model, backend);
    } catch (ArithmeticException e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          "A layer of the model has more bytes of weights than can be addressed",
          e);
    }
  }

  /** Carries tensors from the file to the device, through one staging buffer. */
  private static final class Loader {
    private static final int CHUNK_ELEMENTS = 1 << 20;

    private final ModelDirectory model;
    private final Backend backend;
    private final int hidden;
    private FloatBuffer staging = direct(CHUNK_ELEMENTS);

    Loader(ModelDirectory model, Backend backend) {
      this.model = model;
      this.backend = backend;
      this.hidden = model.config().hiddenSize();
    }

    private static FloatBuffer direct(int elements) {
      return ByteBuffer.allocateDirect(Math.multiplyExact(elements, Float.BYTES))
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer();
    }

    /** Rows of a tensor, from a first row on. */
    Tensor tensor(String name, long rows, int columns, long firstRow) {
      Tensor tensor = new Tensor(name, ElementType.F32, rows, columns);
      backend.allocate(tensor);
      long elements = rows * columns;
      for (long done = 0; done < elements; ) {
        int chunk = (int) Math.min(CHUNK_ELEMENTS, elements - done);
        staging.clear().limit(chunk);
        model.read(name, firstRow * columns + done, staging);
        staging.flip();
        backend.upload(tensor, done, staging);
        done += chunk;
      }
      return tensor;
    }

    Norm norm(String name) {
      return new Norm(tensor(name + ".weight", 1, hidden, 0), tensor(name + ".bias", 1, hidden, 0));
    }

    Linear linear(String name, int out, int in, ElementType type) {
      FloatBuffer weight = matrix(List.of(name), out, in);
      return backend.createLinear(name, out, in, weight, bias(name, out), type);
    }

    /** The score head, whose calibrated logit is linear too: a (w·r + b) + bias. */
    Linear scoreHead(ModelConfig.ScoreCalibration calibration) {
      FloatBuffer weight = matrix(List.of("score_head"), 1, hidden);
      for (int i = weight.position(); i < weight.limit(); i++) {
        weight.put(i, (float) (calibration.scale() * weight.get(i)));
      }
      FloatBuffer bias = bias("score_head", 1);
      bias.put(0, (float) (calibration.scale() * bias.get(0) + calibration.bias()));
      return backend.createLinear("score_head", 1, hidden, weight, bias, ElementType.F32);
    }

    Linear stackedWithoutBias(List<String> names, int out, int in, ElementType type) {
      FloatBuffer weight = matrix(names, out, in);
      String name = String.join(" + ", names);
      return backend.createLinear(name, names.size() * out, in, weight, null, type);
    }

    Tensor stackedBias(List<String> names, int out) {
      Tensor tensor = new Tensor(names.get(0) + ".bias …", ElementType.F32, 1, names.size() * out);
      backend.allocate(tensor);
      for (int i = 0; i < names.size(); i++) {
        backend.upload(tensor, (long) i * out, bias(names.get(i), out));
      }
      return tensor;
    }

    Tensor constants(String name, float[] values) {
      Tensor tensor = new Tensor(name, ElementType.F32, 1, values.length);
      backend.allocate(tensor);
      FloatBuffer buffer = direct(values.length);
      backend.upload(tensor, 0, buffer.put(values).flip());
      return tensor;
    }

    private FloatBuffer matrix(List<String> names, int out, int in) {
      int elements = Math.multiplyExact(Math.multiplyExact(out, in), names.size());
      if (staging.capacity() < elements) {
        staging = direct(elements);
      }
      staging.clear().limit(elements);
      for (int i = 0; i < names.size(); i++) {
        staging.limit((i + 1) * out * in);
        model.read(names.get(i) + ".weight", 0, staging);
      }
      return staging.flip();
    }

    private FloatBuffer bias(String name, int out) {
      FloatBuffer buffer = direct(out);
      model.read(name + ".bias", 0, buffer);
      return buffer.flip();
    }
  }
}
