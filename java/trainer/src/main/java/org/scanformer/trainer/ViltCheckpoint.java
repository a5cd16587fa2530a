package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TensorNames;

/**
 * A ViLT checkpoint in Hugging Face's format (config.json, model.safetensors in F32, F16 or BF16,
 * in one file or several, tokenizer.json), with or without the prefix {@code vilt.} on its names.
 *
 * <p>Parameters that ViLT does not have keep their initial values: the scale embeddings, the
 * constant token and the selection, box and score heads (see {@link Parameters#initialize}). What
 * this model does not have, such as ViLT's pooler and task head, is ignored. A missing tensor of
 * the encoder or the embeddings is an error.
 */
final class ViltCheckpoint {
  private static final List<String> FRESH =
      List.of(
          "embeddings.scale_embeddings.",
          "embeddings.constant_token",
          "selection_head.",
          "box_head.",
          "score_head.");

  private ViltCheckpoint() {}

  /**
   * The configuration of a model of a checkpoint's size: half of the layers select patches, three
   * scales start with five patches on the long side, and the stored grid is the checkpoint's grid
   * of positions.
   */
  static ObjectNode config(Path directory) {
    Path file = directory.resolve("config.json");
    JsonNode vilt;
    try {
      vilt = new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, file + ": could not be read: " + e.getMessage(), e);
    }
    String type = vilt.path("model_type").asText();
    if (!type.equals("vilt")) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          file + ": the field \"model_type\" is \"" + type + "\", expected \"vilt\"");
    }
    int layers = integer(vilt, "num_hidden_layers", 12, file);
    int patch = integer(vilt, "patch_size", 32, file);
    double epsilon = vilt.path("layer_norm_eps").asDouble(1e-12);
    ObjectNode node = new ObjectMapper().createObjectNode();
    node.put("model_type", "scanformer").put("format_version", 1);
    node.put("hidden_size", integer(vilt, "hidden_size", 768, file));
    node.put("num_hidden_layers", layers).put("encoder1_layers", layers / 2);
    node.put("num_attention_heads", integer(vilt, "num_attention_heads", 12, file));
    node.put("intermediate_size", integer(vilt, "intermediate_size", 3072, file));
    node.put("hidden_act", vilt.path("hidden_act").asText("gelu"));
    node.put("layer_norm_eps", epsilon).put("text_layer_norm_eps", epsilon);
    node.put("patch_size", patch).put("num_channels", 3).put("coarse_grid", 5);
    node.put("num_scales", 3).put("resize", "aspect");
    for (String name : new String[] {"image_mean", "image_std"}) {
      node.putArray(name).add(0.5).add(0.5).add(0.5);
    }
    node.put("position_grid", integer(vilt, "image_size", 384, file) / patch);
    node.put("vocab_size", integer(vilt, "vocab_size", 30522, file));
    node.put("max_text_length", integer(vilt, "max_position_embeddings", 40, file));
    node.put("type_vocab_size", integer(vilt, "type_vocab_size", 2, file));
    node.put("modality_type_vocab_size", integer(vilt, "modality_type_vocab_size", 2, file));
    node.put("selection_threshold", 0.5).put("score_head", true);
    return node;
  }

  /** A field, or Hugging Face's default if it is missing. */
  private static int integer(JsonNode vilt, String name, int otherwise, Path file) {
    JsonNode node = vilt.path(name);
    if (!node.isMissingNode() && !node.isInt()) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          file + ": the field \"" + name + "\" is " + node + ", expected an integer");
    }
    return node.asInt(otherwise);
  }

  /**
   * Copies the checkpoint's tensors over the initial values.
   *
   * @return the checkpoint's tensors that the model does not have
   */
  @SuppressWarnings("try") // the guard works by being open
  static List<String> copy(Path directory, Parameters parameters) {
    ModelConfig config = parameters.config();
    try (CheckpointTensors checkpoint = CheckpointTensors.open(directory);
        NoGradGuard guard = new NoGradGuard()) {
      List<String> unused = new ArrayList<>(checkpoint.names());
      for (Map.Entry<String, long[]> entry : TensorNames.shapes(config).entrySet()) {
        String name = entry.getKey();
        String stored = checkpoint.names().contains(name) ? name : "vilt." + name;
        long[] shape = checkpoint.shape(stored);
        if (shape == null && FRESH.stream().anyMatch(name::startsWith)) {
          continue;
        }
        if (!Arrays.equals(shape, entry.getValue())) {
          throw new ScanFormerException(
              ErrorCode.BAD_MODEL,
              directory
                  + ": tensor \""
                  + stored
                  + "\" is "
                  + (shape == null ? "missing" : Arrays.toString(shape))
                  + ", expected "
                  + Arrays.toString(entry.getValue()));
        }
        Torch.set(parameters.part(parameters.values(), name), checkpoint.read(stored));
        unused.remove(stored);
      }
      return unused;
    }
  }
}
