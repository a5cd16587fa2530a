package org.scanformer.reference;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.reference.RandomWeights.Tensor;

/**
 * Writes a model directory of random weights: sane enough that activations stay near one and that
 * boxes and logits differ from image to image, with the selection logits on both sides of the
 * threshold. The same settings and seed always give the same bytes.
 */
public final class RandomModel {
  /** How the file stores its weights. */
  public enum Dtype {
    F32(4),
    F16(2),
    BF16(2);

    private final int bytes;

    Dtype(int bytes) {
      this.bytes = bytes;
    }

    int bytes() {
      return bytes;
    }
  }

  private long seed = 1;
  private Dtype dtype = Dtype.F32;
  private String viltPrefix = "";
  private int hiddenSize = 64;
  private int layers = 4;
  private int encoder1Layers = 2;
  private int heads = 2;
  private int intermediateSize = 256;
  private int patchSize = 8;
  private int coarseGrid = 3;
  private int scales = 3;
  private String resize = "aspect";
  private int positionGrid = 6;
  private int vocabSize = RandomExpression.WORDS.size();
  private int maxTextLength = 16;
  private boolean scoreHead = true;
  private boolean candidateHead;
  private double[] scoreCalibration;
  private Double foundThreshold;
  private double[][] absenceCalibration;
  private double selectionThreshold = 0.5;
  private double layerNormEps = 1e-6;
  private double textLayerNormEps = 1e-12;

  private RandomModel() {}

  /**
   * A model of a quarter of a million weights: C 64, 4 layers, patches of 8 pixels, scales of 3, 6,
   * 12.
   */
  public static RandomModel tiny() {
    return new RandomModel();
  }

  /** The geometry of ViLT-B/32 with scales of 160, 320 and 640 pixels. */
  public static RandomModel viltB32() {
    return new RandomModel()
        .hiddenSize(768)
        .layers(12)
        .encoder1Layers(6)
        .heads(12)
        .intermediateSize(3072)
        .patchSize(32)
        .coarseGrid(5)
        .scales(3)
        .positionGrid(12)
        .vocabSize(30522)
        .maxTextLength(40);
  }

  public RandomModel seed(long value) {
    seed = value;
    return this;
  }

  public RandomModel dtype(Dtype value) {
    dtype = value;
    return this;
  }

  /** Puts "vilt." before the names of the embeddings, the encoder and the last LayerNorm. */
  public RandomModel viltPrefix() {
    viltPrefix = "vilt.";
    return this;
  }

  public RandomModel hiddenSize(int value) {
    hiddenSize = value;
    return this;
  }

  public RandomModel layers(int value) {
    layers = value;
    return this;
  }

  public RandomModel encoder1Layers(int value) {
    encoder1Layers = value;
    return this;
  }

  public RandomModel heads(int value) {
    heads = value;
    return this;
  }

  public RandomModel intermediateSize(int value) {
    intermediateSize = value;
    return this;
  }

  public RandomModel patchSize(int value) {
    patchSize = value;
    return this;
  }

  public RandomModel coarseGrid(int value) {
    coarseGrid = value;
    return this;
  }

  public RandomModel scales(int value) {
    scales = value;
    return this;
  }

  /** "aspect" or "stretch". */
  public RandomModel resize(String value) {
    resize = value;
    return this;
  }

  public RandomModel positionGrid(int value) {
    positionGrid = value;
    return this;
  }

  /** The tokenizer's words are those of {@link RandomExpression}. */
  public RandomModel vocabSize(int value) {
    vocabSize = value;
    return this;
  }

  public RandomModel maxTextLength(int value) {
    maxTextLength = value;
    return this;
  }

  public RandomModel scoreHead(boolean value) {
    scoreHead = value;
    return this;
  }

  /** Adds the optional tensors of the candidate head. */
  public RandomModel candidateHead() {
    candidateHead = true;
    return this;
  }

  /** The score is sigmoid(scale * logit + bias). */
  public RandomModel scoreCalibration(double scale, double bias) {
    scoreCalibration = new double[] {scale, bias};
    return this;
  }

  public RandomModel foundThreshold(double value) {
    foundThreshold = value;
    return this;
  }

  /** Scale and bias at each of the model's scales. */
  public RandomModel absenceCalibration(double[]... scales) {
    absenceCalibration = scales;
    return this;
  }

  public RandomModel selectionThreshold(double value) {
    selectionThreshold = value;
    return this;
  }

  public RandomModel layerNormEps(double value) {
    layerNormEps = value;
    return this;
  }

  public RandomModel textLayerNormEps(double value) {
    textLayerNormEps = value;
    return this;
  }

  /**
   * Writes config.json, tokenizer.json and model.safetensors; creates the directory. Returns it.
   */
  public Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    ObjectMapper json = new ObjectMapper();
    json.writeValue(directory.resolve("config.json").toFile(), config(json));
    json.writeValue(
        directory.resolve("tokenizer.json").toFile(),
        RandomTokenizer.json(json, vocabSize, maxTextLength));
    RandomWeights.write(directory.resolve("model.safetensors"), tensors(), dtype, seed);
    return directory;
  }

  private ObjectNode config(ObjectMapper json) {
    ObjectNode config =
        json.createObjectNode()
            .put("model_type", "scanformer")
            .put("format_version", 1)
            .put("hidden_size", hiddenSize)
            .put("num_hidden_layers", layers)
            .put("encoder1_layers", encoder1Layers)
            .put("num_attention_heads", heads)
            .put("intermediate_size", intermediateSize)
            .put("hidden_act", "gelu")
            .put("layer_norm_eps", layerNormEps)
            .put("text_layer_norm_eps", textLayerNormEps)
            .put("patch_size", patchSize)
            .put("num_channels", 3)
            .put("coarse_grid", coarseGrid)
            .put("num_scales", scales)
            .put("resize", resize)
            .put("position_grid", positionGrid)
            .put("vocab_size", vocabSize)
            .put("max_text_length", maxTextLength)
            .put("type_vocab_size", 2)
            .put("modality_type_vocab_size", 2)
            .put("selection_threshold", selectionThreshold)
            .put("score_head", scoreHead);
    if (scoreCalibration != null) {
      config
          .putObject("score_calibration")
          .put("scale", scoreCalibration[0])
          .put("bias", scoreCalibration[1]);
    }
    if (foundThreshold != null) {
      config.put("found_threshold", foundThreshold);
    }
    if (absenceCalibration != null) {
      ArrayNode scales = config.putArray("absence_calibration");
      for (double[] own : absenceCalibration) {
        scales.addObject().put("scale", own[0]).put("bias", own[1]);
      }
    }
    config.putArray("image_mean").add(0.5).add(0.5).add(0.5);
    config.putArray("image_std").add(0.5).add(0.5).add(0.5);
    return config;
  }

  private List<Tensor> tensors() {
    int c = hiddenSize;
    List<Tensor> tensors = new ArrayList<>();
    String embeddings = viltPrefix + "embeddings.";
    String text = embeddings + "text_embeddings.";
    tensors.add(new Tensor(text + "word_embeddings.weight", 0, 1, vocabSize, c));
    tensors.add(new Tensor(text + "position_embeddings.weight", 0, 0.5, maxTextLength, c));
    tensors.add(new Tensor(text + "token_type_embeddings.weight", 0, 0.5, 2, c));
    addLayerNorm(tensors, text + "LayerNorm");
    tensors.add(new Tensor(embeddings + "cls_token", 0, 0.7, 1, 1, c));
    tensors.add(
        new Tensor(
            embeddings + "position_embeddings", 0, 0.7, 1, positionGrid * positionGrid + 1, c));
    String projection = embeddings + "patch_embeddings.projection";
    double projectionStd = 1 / Math.sqrt(3.0 * patchSize * patchSize);
    tensors.add(new Tensor(projection + ".weight", 0, projectionStd, c, 3, patchSize, patchSize));
    tensors.add(new Tensor(projection + ".bias", 0, 0.05, c));
    tensors.add(new Tensor(embeddings + "token_type_embeddings.weight", 0, 0.5, 2, c));
    tensors.add(new Tensor(embeddings + "scale_embeddings.weight", 0, 0.5, scales, c));
    tensors.add(new Tensor(embeddings + "constant_token", 0, 0.7, 1, 1, c));

    for (int layer = 0; layer < layers; layer++) {
      String name = viltPrefix + "encoder.layer." + layer + ".";
      addLayerNorm(tensors, name + "layernorm_before");
      addLinear(tensors, name + "attention.attention.query", 0.7, c, c);
      addLinear(tensors, name + "attention.attention.key", 0.7, c, c);
      addLinear(tensors, name + "attention.attention.value", 0.7, c, c);
      addLinear(tensors, name + "attention.output.dense", 0.7, c, c);
      addLayerNorm(tensors, name + "layernorm_after");
      addLinear(tensors, name + "intermediate.dense", 0.7, intermediateSize, c);
      addLinear(tensors, name + "output.dense", 0.7, c, intermediateSize);
    }
    addLayerNorm(tensors, viltPrefix + "layernorm");

    // The heads' last layers are large, to spread logits and boxes; tokens share much of what they
    // are, so their logits differ less than the weights by themselves would make them.
    addLayerNorm(tensors, "selection_head.layernorm");
    addLinear(tensors, "selection_head.dense", 0.7, c, c);
    double thresholdLogit = Math.log(selectionThreshold / (1 - selectionThreshold));
    tensors.add(new Tensor("selection_head.out_proj.weight", 0, 4 / Math.sqrt(c), 4, c));
    tensors.add(new Tensor("selection_head.out_proj.bias", thresholdLogit, 0.05, 4));
    addLinear(tensors, "box_head.layers.0", 0.7, c, c);
    addLinear(tensors, "box_head.layers.1", 0.7, c, c);
    addLinear(tensors, "box_head.layers.2", 4, 4, c);
    if (scoreHead) {
      addLinear(tensors, "score_head", 0.7, 1, c);
    }
    if (candidateHead) {
      addLinear(tensors, "candidate_head", 1, 1, c);
    }
    return tensors;
  }

  private void addLayerNorm(List<Tensor> tensors, String name) {
    tensors.add(new Tensor(name + ".weight", 1, 0.1, hiddenSize));
    tensors.add(new Tensor(name + ".bias", 0, 0.05, hiddenSize));
  }

  private static void addLinear(List<Tensor> tensors, String name, double gain, int out, int in) {
    tensors.add(new Tensor(name + ".weight", 0, gain / Math.sqrt(in), out, in));
    tensors.add(new Tensor(name + ".bias", 0, 0.05, out));
  }
}
