package org.scanformer.reference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A model directory in float64: the fields of config.json and the tensors of model.safetensors. It
 * trusts its input; telling users what is wrong with theirs is the engine's task. Immutable, as
 * long as nobody writes to its arrays.
 */
public final class ReferenceModel {
  public final int hiddenSize;
  public final int layers;
  public final int encoder1Layers;
  public final int heads;
  public final int intermediateSize;
  public final int patchSize;
  public final int coarseGrid;
  public final int scales;
  public final int positionGrid;
  public final int vocabSize;
  public final int maxTextLength;
  public final double layerNormEps;
  public final double textLayerNormEps;
  public final double selectionThreshold;

  /** True for resize "aspect", false for "stretch". */
  public final boolean keepsAspect;

  public final double[] imageMean;
  public final double[] imageStd;
  public final boolean scoreHead;

  /** The score is sigmoid(scoreScale * logit + scoreBias). */
  public final double scoreScale;

  public final double scoreBias;

  private final Map<String, double[]> tensors = new HashMap<>();
  private final Map<String, int[]> shapes = new HashMap<>();

  private ReferenceModel(JsonNode config) {
    hiddenSize = config.required("hidden_size").asInt();
    layers = config.required("num_hidden_layers").asInt();
    encoder1Layers = config.required("encoder1_layers").asInt();
    heads = config.required("num_attention_heads").asInt();
    intermediateSize = config.required("intermediate_size").asInt();
    patchSize = config.required("patch_size").asInt();
    coarseGrid = config.required("coarse_grid").asInt();
    scales = config.required("num_scales").asInt();
    positionGrid = config.required("position_grid").asInt();
    vocabSize = config.required("vocab_size").asInt();
    maxTextLength = config.required("max_text_length").asInt();
    layerNormEps = config.required("layer_norm_eps").asDouble();
    textLayerNormEps = config.required("text_layer_norm_eps").asDouble();
    selectionThreshold = config.required("selection_threshold").asDouble();
    keepsAspect = config.required("resize").asText().equals("aspect");
    imageMean = doubles(config.required("image_mean"));
    imageStd = doubles(config.required("image_std"));
    scoreHead = config.required("score_head").asBoolean();
    JsonNode calibration = config.path("score_calibration");
    scoreScale = calibration.path("scale").asDouble(1);
    scoreBias = calibration.path("bias").asDouble(0);
  }

  /** Reads config.json and model.safetensors of a model directory. */
  public static ReferenceModel load(Path directory) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ReferenceModel model =
        new ReferenceModel(json.readTree(directory.resolve("config.json").toFile()));
    try (FileChannel file =
        FileChannel.open(directory.resolve("model.safetensors"), StandardOpenOption.READ)) {
      // The file: the header's length in 8 bytes, the header (JSON), the tensors' bytes.
      long headerLength = map(file, 0, Long.BYTES).getLong();
      long dataStart = Long.BYTES + headerLength;
      String header = StandardCharsets.UTF_8.decode(map(file, Long.BYTES, headerLength)).toString();
      for (Map.Entry<String, JsonNode> entry : json.readTree(header).properties()) {
        if (entry.getKey().equals("__metadata__")) {
          continue;
        }
        JsonNode tensor = entry.getValue();
        long begin = tensor.required("data_offsets").required(0).asLong();
        long end = tensor.required("data_offsets").required(1).asLong();
        ByteBuffer bytes = map(file, dataStart + begin, end - begin);
        String name = entry.getKey().replaceFirst("^vilt\\.", "");
        model.tensors.put(name, decode(tensor.required("dtype").asText(), bytes));
        model.shapes.put(name, ints(tensor.required("shape")));
      }
    }
    return model;
  }

  /** The names of all tensors, without a leading "vilt.". */
  public Set<String> names() {
    return Set.copyOf(tensors.keySet());
  }

  /** Whether it has the tensors of the candidate head. */
  public boolean hasCandidateHead() {
    return tensors.containsKey("candidate_head.weight");
  }

  /** A tensor's values, row-major, by its name without a leading "vilt.". */
  public double[] tensor(String name) {
    double[] values = tensors.get(name);
    if (values == null) {
      throw new IllegalArgumentException("the model has no tensor " + name);
    }
    return values;
  }

  /** A tensor's shape, by its name without a leading "vilt.". */
  public int[] shape(String name) {
    int[] shape = shapes.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("the model has no tensor " + name);
    }
    return shape.clone();
  }

  /** Row i of a tensor whose last dimension is hidden_size, such as an embedding table. */
  public double[] row(String name, int i) {
    double[] row = new double[hiddenSize];
    System.arraycopy(tensor(name), i * hiddenSize, row, 0, hiddenSize);
    return row;
  }

  private static ByteBuffer map(FileChannel file, long position, long size) throws IOException {
    return file.map(MapMode.READ_ONLY, position, size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static double[] decode(String dtype, ByteBuffer bytes) {
    double[] values = new double[bytes.remaining() / (dtype.equals("F32") ? 4 : 2)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (dtype) {
            case "F32" -> bytes.getFloat();
            case "F16" -> HalfPrecision.halfToDouble(bytes.getShort());
            case "BF16" -> HalfPrecision.bfloat16ToDouble(bytes.getShort());
            default -> throw new IllegalArgumentException("dtype " + dtype);
          };
    }
    return values;
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.required(i).asDouble();
    }
    return values;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.required(i).asInt();
    }
    return values;
  }
}
