package org.scanformer.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.SafetensorsWriter;
import org.scanformer.internal.model.TensorNames;

/** Writes a model directory. */
final class ModelExport {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** The optional fields of config.json that say what a model's scores mean. */
  static final List<String> SCORE_FIELDS =
      List.of("score_calibration", "found_threshold", "absence_calibration");

  private ModelExport() {}

  /** Writes {@code config.json}, each field of the configuration by its name in the file. */
  static void writeConfig(ModelConfig config, double threshold, Presence presence, Path file)
      throws IOException {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("model_type", "scanformer").put("format_version", 1).put("hidden_act", "gelu");
    config.toMap().forEach((name, value) -> node.set(name, MAPPER.valueToTree(value)));
    node.remove(SCORE_FIELDS);
    node.put("selection_threshold", threshold);
    if (presence != null) {
      put(node.putObject("score_calibration"), presence.calibration());
      if (!presence.absence().isEmpty()) {
        ArrayNode scales = node.putArray("absence_calibration");
        presence.absence().forEach(own -> put(scales.addObject(), own));
      }
      if (!Double.isNaN(presence.foundThreshold())) {
        node.put("found_threshold", presence.foundThreshold());
      }
    }
    RunFiles.write(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(node));
  }

  private static void put(ObjectNode node, ScoreCalibration calibration) {
    node.put("scale", calibration.scale()).put("bias", calibration.bias());
  }

  /**
   * Writes a directory.
   *
   * @param values the parameter vector or an average of it
   * @param threshold the selection threshold, a probability
   * @param presence what the scores mean; null if that is not known
   * @param tokenizer the tokenizer file to copy
   */
  static void write(
      Parameters parameters,
      Tensor values,
      double threshold,
      Presence presence,
      Path tokenizer,
      Path directory)
      throws IOException {
    Files.createDirectories(directory);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Map.Entry<String, long[]> entry : TensorNames.shapes(parameters.config()).entrySet()) {
      String name = entry.getKey();
      writer.tensor(name, Torch.floats(parameters.part(values, name)), entry.getValue());
    }
    // The candidate head is the head that grounds patches in training, where there is one.
    for (Map.Entry<String, long[]> entry :
        TensorNames.optionalShapes(parameters.config()).entrySet()) {
      String own = Parameters.trainingName(entry.getKey());
      if (parameters.shapes().containsKey(own)) {
        writer.tensor(entry.getKey(), Torch.floats(parameters.part(values, own)), entry.getValue());
      }
    }
    RunFiles.write(directory.resolve("model.safetensors"), writer);
    writeConfig(parameters.config(), threshold, presence, directory.resolve("config.json"));
    RunFiles.write(directory.resolve("tokenizer.json"), Files.readAllBytes(tokenizer));
  }
}
