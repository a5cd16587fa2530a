package org.scanformer.internal.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The fields of {@code config.json}, checked. Immutable.
 *
 * @param hiddenSize C, elements of a token
 * @param numHiddenLayers L, all layers
 * @param encoder1Layers L1, those of the first half
 * @param numAttentionHeads H
 * @param intermediateSize hidden elements of a block's perceptron
 * @param layerNormEps of the blocks and heads
 * @param textLayerNormEps of the text embedding
 * @param patchSize P, pixels on a side
 * @param numChannels 3
 * @param coarseGrid g0, patches on the long side of the coarsest grid
 * @param numScales S
 * @param keepsAspect whether grids follow the image's aspect ratio ("aspect") or are square
 *     ("stretch")
 * @param imageMean [3], of values in 0 to 1
 * @param imageStd [3]
 * @param positionGrid G, side of the stored grid of positions
 * @param selectionThreshold τ, a probability
 * @param scoreHead whether the model predicts its box's IoU, or that the object is there
 * @param scoreCalibration what makes a probability of the score head's logit
 * @param foundThreshold the least score of an object that is there; NaN where every object is
 * @param absenceCalibration what makes of the score head's logit the probability that the object is
 *     there, whatever the box, [S]; empty where the file does not say
 */
public record ModelConfig(
    int hiddenSize,
    int numHiddenLayers,
    int encoder1Layers,
    int numAttentionHeads,
    int intermediateSize,
    double layerNormEps,
    double textLayerNormEps,
    int patchSize,
    int numChannels,
    int coarseGrid,
    int numScales,
    boolean keepsAspect,
    float[] imageMean,
    float[] imageStd,
    int positionGrid,
    int vocabSize,
    int maxTextLength,
    int typeVocabSize,
    int modalityTypeVocabSize,
    double selectionThreshold,
    boolean scoreHead,
    ScoreCalibration scoreCalibration,
    float foundThreshold,
    List<ScoreCalibration> absenceCalibration) {

  /** Pixels on the side of the largest finest canvas that is accepted. */
  private static final int MAX_CANVAS_SIDE = 16384;

  private static final long MAX_FILE_BYTES = 1 << 20;

  /**
   * A grid of patches.
   *
   * @param rows patches down
   * @param cols patches across
   */
  public record Grid(int rows, int cols) {}

  /**
   * Reads and checks the file.
   *
   * @throws ScanFormerException BAD_MODEL naming the file, the field, what was found and what was
   *     expected
   */
  public static ModelConfig read(Path file) {
    JsonNode root = JsonFiles.readObject(file, MAX_FILE_BYTES);
    Fields fields = new Fields(file, root);
    fields.requireText("model_type", "scanformer");
    fields.integer("format_version", 1, 1);
    fields.requireText("hidden_act", "gelu");
    int hidden = fields.integer("hidden_size", 1, 4096);
    int layers = fields.integer("num_hidden_layers", 2, 1024);
    int encoder1 = fields.integer("encoder1_layers", 1, layers - 1);
    int heads = fields.integer("num_attention_heads", 1, hidden);
    if (hidden % heads != 0 || hidden / heads > 128) {
      throw fields.error(
          "num_attention_heads",
          Integer.toString(heads),
          "a divisor of hidden_size " + hidden + " that gives heads of at most 128");
    }
    int patch = fields.integer("patch_size", 1, 1024);
    int coarse = fields.integer("coarse_grid", 1, 1024);
    int scales = fields.integer("num_scales", 1, 12);
    long side = ((long) coarse << (scales - 1)) * patch;
    if (side > MAX_CANVAS_SIDE) {
      throw fields.error(
          "coarse_grid",
          coarse + " with " + scales + " scales of patches of " + patch + " pixels",
          "a finest canvas of at most " + MAX_CANVAS_SIDE + " pixels a side, not " + side);
    }
    return new ModelConfig(
        hidden,
        layers,
        encoder1,
        heads,
        fields.integer("intermediate_size", 1, 1 << 16),
        fields.real("layer_norm_eps", 0, 1),
        fields.real("text_layer_norm_eps", 0, 1),
        patch,
        fields.integer("num_channels", 3, 3),
        coarse,
        scales,
        fields.choice("resize", "aspect", "stretch").equals("aspect"),
        fields.channels("image_mean", -Float.MAX_VALUE),
        fields.channels("image_std", Float.MIN_NORMAL),
        fields.integer("position_grid", 1, 1024),
        fields.integer("vocab_size", 1, 1 << 24),
        fields.integer("max_text_length", 2, 4096),
        fields.integer("type_vocab_size", 1, 1024),
        fields.integer("modality_type_vocab_size", 2, 1024),
        fields.probability("selection_threshold"),
        fields.bool("score_head"),
        fields.calibration("score_calibration"),
        fields.optionalProbability("found_threshold"),
        fields.calibrations("absence_calibration", scales));
  }

  /**
   * Makes a probability of the score head's logit: {@code sigmoid(scale * logit + bias)}.
   *
   * @param scale greater than 0
   * @param bias added to the scaled logit
   */
  public record ScoreCalibration(double scale, double bias) {
    /** Leaves the logit as it is. */
    public static final ScoreCalibration NONE = new ScoreCalibration(1, 0);

    private static final String EXPECTED =
        "two numbers, \"scale\", greater than 0 and at most 1000, and \"bias\", -1000 to 1000";

    /** Reads an object; null if it is none. */
    private static ScoreCalibration read(JsonNode node) {
      double scale = Fields.number(node.path("scale"));
      double bias = Fields.number(node.path("bias"));
      return scale > 0 && scale <= 1000 && Math.abs(bias) <= 1000 && node.size() == 2
          ? new ScoreCalibration(scale, bias)
          : null;
    }

    /** The probability of a logit. */
    public double probability(double logit) {
      return 1 / (1 + Math.exp(-(scale * logit + bias)));
    }

    /** The logit of a probability; infinite for 0 and 1. */
    public double logit(double probability) {
      return (Math.log(probability / (1 - probability)) - bias) / scale;
    }

    /** In an order that is the same in every process. */
    private Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("scale", scale);
      map.put("bias", bias);
      return Collections.unmodifiableMap(map);
    }
  }

  /** Elements of a head. */
  public int headSize() {
    return hiddenSize / numAttentionHeads;
  }

  /** The coarsest grid for an image of that size in pixels. */
  public Grid coarseGrid(int width, int height) {
    if (!keepsAspect || width == height) {
      return new Grid(coarseGrid, coarseGrid);
    }
    long longSide = Math.max(width, height);
    long shortSide = Math.min(width, height);
    // floor(g0 · short / long + ½), in integers so that no rounding decides a tie
    int patches = (int) Math.max(1, (2L * coarseGrid * shortSide + longSide) / (2 * longSide));
    return width > height ? new Grid(patches, coarseGrid) : new Grid(coarseGrid, patches);
  }

  /** The fields by their names in the file. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("hidden_size", hiddenSize);
    map.put("num_hidden_layers", numHiddenLayers);
    map.put("encoder1_layers", encoder1Layers);
    map.put("num_attention_heads", numAttentionHeads);
    map.put("intermediate_size", intermediateSize);
    map.put("layer_norm_eps", layerNormEps);
    map.put("text_layer_norm_eps", textLayerNormEps);
    map.put("patch_size", patchSize);
    map.put("num_channels", numChannels);
    map.put("coarse_grid", coarseGrid);
    map.put("num_scales", numScales);
    map.put("resize", keepsAspect ? "aspect" : "stretch");
    map.put("image_mean", list(imageMean));
    map.put("image_std", list(imageStd));
    map.put("position_grid", positionGrid);
    map.put("vocab_size", vocabSize);
    map.put("max_text_length", maxTextLength);
    map.put("type_vocab_size", typeVocabSize);
    map.put("modality_type_vocab_size", modalityTypeVocabSize);
    map.put("selection_threshold", selectionThreshold);
    map.put("score_head", scoreHead);
    if (!scoreCalibration.equals(ScoreCalibration.NONE)) {
      map.put("score_calibration", scoreCalibration.toMap());
    }
    if (!Float.isNaN(foundThreshold)) {
      map.put("found_threshold", foundThreshold);
    }
    if (!absenceCalibration.isEmpty()) {
      map.put(
          "absence_calibration", absenceCalibration.stream().map(ScoreCalibration::toMap).toList());
    }
    return Collections.unmodifiableMap(map);
  }

  private static List<Float> list(float[] values) {
    return List.of(values[0], values[1], values[2]);
  }

  /** Takes fields out of the file's object and says what is wrong with them. */
  private record Fields(Path file, JsonNode root) {
    ScanFormerException error(String field, String found, String expected) {
      return new ScanFormerException(
          ErrorCode.BAD_MODEL,
          file + ": the field \"" + field + "\" is " + found + ", expected " + expected);
    }

    private JsonNode node(String field, String expected) {
      JsonNode node = root.get(field);
      if (node == null) {
        throw error(field, "missing", expected);
      }
      return node;
    }

    int integer(String field, int low, int high) {
      String expected = low == high ? "" + low : "an integer from " + low + " to " + high;
      JsonNode node = node(field, expected);
      if (!node.isIntegralNumber()
          || !node.canConvertToInt()
          || node.intValue() < low
          || node.intValue() > high) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      return node.intValue();
    }

    private static double number(JsonNode node) {
      return node.isNumber() ? node.doubleValue() : Double.NaN;
    }

    double real(String field, double low, double high) {
      String expected = "a number from " + low + " to " + high;
      JsonNode node = node(field, expected);
      double value = number(node);
      if (!(value >= low && value <= high)) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      return value;
    }

    /** What makes a probability of a score; as it is where the file does not say. */
    ScoreCalibration calibration(String field) {
      if (!hasForScores(field)) {
        return ScoreCalibration.NONE;
      }
      JsonNode node = root.get(field);
      ScoreCalibration calibration = ScoreCalibration.read(node);
      if (calibration == null) {
        throw error(field, JsonFiles.describe(node), "an object of " + ScoreCalibration.EXPECTED);
      }
      return calibration;
    }

    /** A calibration for each scale; none where the file does not say. */
    List<ScoreCalibration> calibrations(String field, int scales) {
      if (!hasForScores(field)) {
        return List.of();
      }
      JsonNode node = root.get(field);
      String expected =
          "an array of " + scales + " objects, one a scale, each of " + ScoreCalibration.EXPECTED;
      if (!node.isArray() || node.size() != scales) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      List<ScoreCalibration> calibrations = new ArrayList<>();
      for (JsonNode each : node) {
        ScoreCalibration calibration = ScoreCalibration.read(each);
        if (calibration == null) {
          throw error(
              field, JsonFiles.describe(each) + " at scale " + calibrations.size(), expected);
        }
        calibrations.add(calibration);
      }
      return List.copyOf(calibrations);
    }

    /** A probability, in fp32 too; NaN where the file does not say. */
    float optionalProbability(String field) {
      if (!hasForScores(field)) {
        return Float.NaN;
      }
      float value = (float) probability(field);
      if (!(value > 0 && value < 1)) {
        throw error(
            field,
            JsonFiles.describe(root.get(field)),
            "a number that is greater than 0 and less than 1 as a 32-bit float");
      }
      return value;
    }

    /** Whether the file has a field that is of use only with a score head. */
    private boolean hasForScores(String field) {
      if (root.has(field) && !root.path("score_head").booleanValue()) {
        throw error(field, JsonFiles.describe(root.get(field)), "none without a score_head");
      }
      return root.has(field);
    }

    double probability(String field) {
      String expected = "a number greater than 0 and less than 1";
      JsonNode node = node(field, expected);
      double value = number(node);
      if (!(value > 0 && value < 1)) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      return value;
    }

    boolean bool(String field) {
      JsonNode node = node(field, "true or false");
      if (!node.isBoolean()) {
        throw error(field, JsonFiles.describe(node), "true or false");
      }
      return node.booleanValue();
    }

    String choice(String field, String first, String second) {
      String expected = "\"" + first + "\" or \"" + second + "\"";
      JsonNode node = node(field, expected);
      String value = node.asText();
      if (!node.isTextual() || !(value.equals(first) || value.equals(second))) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      return value;
    }

    void requireText(String field, String value) {
      JsonNode node = node(field, "\"" + value + "\"");
      if (!node.isTextual() || !node.asText().equals(value)) {
        throw error(field, JsonFiles.describe(node), "\"" + value + "\"");
      }
    }

    float[] channels(String field, double low) {
      String expected = "an array of 3 finite numbers" + (low > 0 ? " greater than 0" : "");
      JsonNode node = node(field, expected);
      float[] values = new float[3];
      boolean valid = node.isArray() && node.size() == 3;
      for (int i = 0; valid && i < 3; i++) {
        values[i] = node.get(i).isNumber() ? node.get(i).floatValue() : Float.NaN;
        valid = Float.isFinite(values[i]) && values[i] >= low;
      }
      if (!valid) {
        throw error(field, JsonFiles.describe(node), expected);
      }
      return values;
    }
  }
}
