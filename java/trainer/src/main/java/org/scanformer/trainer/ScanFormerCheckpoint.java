package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.TensorNames;

/**
 * A model directory of ours as the start of another training, with the same or another vocabulary.
 *
 * <p>Words are matched by their text: new ones keep their initial values, and so do positions
 * beyond the checkpoint's longest text and a score head that the checkpoint does not have.
 * Everything else must have the same shape.
 */
final class ScanFormerCheckpoint {
  private static final String WORDS = "embeddings.text_embeddings.word_embeddings.weight";
  private static final String POSITIONS = "embeddings.text_embeddings.position_embeddings.weight";

  private ScanFormerCheckpoint() {}

  /**
   * The checkpoint's config.json, without what the scores meant to it.
   *
   * @param tokenizer whose vocabulary and longest text to take; null for the checkpoint's own
   */
  static ObjectNode config(Path directory, Path tokenizer) {
    JsonNode config = json(directory.resolve("config.json"));
    if (!(config instanceof ObjectNode node)) {
      throw error(directory.resolve("config.json"), "expected an object");
    }
    node.remove("score_calibration");
    node.remove("found_threshold");
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
    try (CheckpointTensors checkpoint = CheckpointTensors.open(directory);
        NoGradGuard guard = new NoGradGuard()) {
      for (Map.Entry<String, long[]> entry : TensorNames.shapes(parameters.config()).entrySet()) {
        String name = entry.getKey();
        long[] shape = checkpoint.shape(name);
        if (name.equals(WORDS) && shape != null) {
          words(directory, checkpoint.read(name), parameters, tokenizer);
        } else if (name.equals(POSITIONS) && shape != null) {
          rows(checkpoint.read(name), parameters, name);
        } else if (Arrays.equals(shape, entry.getValue())) {
          Torch.set(parameters.part(parameters.values(), name), checkpoint.read(name));
        } else if (shape != null || !name.startsWith("score_head.")) {
          throw error(
              directory,
              "tensor \""
                  + name
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
