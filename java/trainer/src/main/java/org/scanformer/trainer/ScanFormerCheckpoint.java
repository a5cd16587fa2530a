package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TensorNames;

/**
 * A model directory of ours as the start of another training, with the same or another vocabulary.
 *
 * <p>Words are matched by their text: new ones keep their initial values, and so do positions
 * beyond the checkpoint's longest text and a score head that the checkpoint does not have. A model
 * with more layers begins as the same function, see {@link LayerGrowth}. Everything else must have
 * the same shape.
 */
final class ScanFormerCheckpoint {
  private static final String WORDS = TokenEmbedding.WORDS;
  private static final String POSITIONS = "embeddings.text_embeddings.position_embeddings.weight";

  private ScanFormerCheckpoint() {}

  /**
   * The checkpoint's config.json, without what the scores meant to it.
   *
   * @param tokenizer whose vocabulary and longest text to take; null for the checkpoint's own
   * @param layers of Encoder1 and Encoder2; null for the checkpoint's own
   */
  static ObjectNode config(Path directory, Path tokenizer, int[] layers) {
    JsonNode config = json(directory.resolve("config.json"));
    if (!(config instanceof ObjectNode node)) {
      throw error(directory.resolve("config.json"), "expected an object");
    }
    node.remove(ModelExport.SCORE_FIELDS);
    if (layers != null) {
      growth(directory, layers);
      node.put("encoder1_layers", layers[0]);
      node.put("num_hidden_layers", layers[0] + layers[1]);
    }
    if (tokenizer != null) {
      JsonNode own = json(tokenizer);
      node.put("vocab_size", own.path("model").path("vocab").size());
      int longest = own.path("truncation").path("max_length").asInt();
      if (longest > 0) {
        node.put("max_text_length", longest);
      }
    }
    return node;
  }

  /** How a checkpoint's model grows to as many layers. */
  private static LayerGrowth growth(Path directory, int[] layers) {
    ModelConfig config = ModelConfig.read(directory.resolve("config.json"));
    int first = config.encoder1Layers();
    int[] own = {first, config.numHiddenLayers() - first};
    try {
      return new LayerGrowth(own, layers);
    } catch (IllegalArgumentException e) {
      throw error(
          directory,
          String.format(
              Locale.ROOT,
              "a model of %d+%d layers cannot grow to %d+%d",
              own[0],
              own[1],
              layers[0],
              layers[1]));
    }
  }

  /** Whether a directory's config.json is of a model of ours. */
  static boolean is(Path directory) {
    return json(directory.resolve("config.json")).path("model_type").asText().equals("scanformer");
  }

  private static JsonNode json(Path file) {
    try {
      return new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": could not be read: " + e.getMessage(), e);
    }
  }

  /**
   * Copies the checkpoint's tensors over the initial values.
   *
   * @param tokenizer the tokenizer.json of the model to train
   */
  @SuppressWarnings("try") // the guard works by being open
  static void copy(Path directory, Parameters parameters, Path tokenizer) {
    int half = parameters.config().encoder1Layers();
    int[] layers = {half, parameters.config().numHiddenLayers() - half};
    LayerGrowth growth = growth(directory, layers);
    try (CheckpointTensors checkpoint = CheckpointTensors.open(directory);
        NoGradGuard guard = new NoGradGuard()) {
      for (Map.Entry<String, long[]> entry : TensorNames.shapes(parameters.config()).entrySet()) {
        String name = entry.getKey();
        String source = growth.source(name);
        long[] shape = checkpoint.shape(source);
        if (name.equals(WORDS) && shape != null) {
          words(directory, checkpoint.read(name), parameters, tokenizer);
        } else if (name.equals(POSITIONS) && shape != null) {
          rows(checkpoint.read(name), parameters, name);
        } else if (Arrays.equals(shape, entry.getValue())) {
          Tensor own = parameters.part(parameters.values(), name);
          Torch.set(own, checkpoint.read(source));
          if (growth.isZero(name)) {
            own.zero_();
          }
        } else if (shape != null || !name.startsWith("score_head.")) {
          throw error(
              directory,
              "tensor \""
                  + source
                  + "\" is "
                  + (shape == null ? "missing" : Arrays.toString(shape))
                  + ", expected "
                  + Arrays.toString(entry.getValue()));
        }
      }
      for (Map.Entry<String, long[]> entry :
          TensorNames.optionalShapes(parameters.config()).entrySet()) {
        String own = Parameters.trainingName(entry.getKey());
        if (parameters.shapes().containsKey(own)
            && Arrays.equals(checkpoint.shape(entry.getKey()), entry.getValue())) {
          Torch.set(parameters.part(parameters.values(), own), checkpoint.read(entry.getKey()));
        }
      }
    }
  }

  /** The tokens of a tokenizer.json, with their ids. */
  static Map<String, Integer> vocabulary(Path tokenizer) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    json(tokenizer)
        .path("model")
        .path("vocab")
        .properties()
        .forEach(word -> vocabulary.put(word.getKey(), word.getValue().asInt()));
    return vocabulary;
  }

  /** Copies the first rows, as many as both have. */
  private static void rows(float[] from, Parameters parameters, String name) {
    float[] to = Torch.floats(parameters.part(parameters.values(), name));
    System.arraycopy(from, 0, to, 0, Math.min(from.length, to.length));
    Torch.set(parameters.part(parameters.values(), name), to);
  }

  private static void words(Path directory, float[] from, Parameters parameters, Path tokenizer) {
    JsonNode old = json(directory.resolve("tokenizer.json")).path("model").path("vocab");
    float[] to = Torch.floats(parameters.part(parameters.values(), WORDS));
    int width = parameters.config().hiddenSize();
    for (Map.Entry<String, JsonNode> word :
        json(tokenizer).path("model").path("vocab").properties()) {
      int source = old.path(word.getKey()).asInt(-1);
      int target = word.getValue().asInt();
      if (source >= 0 && (source + 1) * width <= from.length) {
        System.arraycopy(from, source * width, to, target * width, width);
      }
    }
    Torch.set(parameters.part(parameters.values(), WORDS), to);
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_MODEL, file + ": " + message);
  }
}
