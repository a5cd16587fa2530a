package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.SafetensorsWriter;
import org.scanformer.internal.model.TensorNames;

class ViltCheckpointTest {
  @TempDir private Path directory;

  private ModelConfig writeVilt(String type) throws IOException {
    Files.writeString(
        directory.resolve("config.json"),
        """
        {"model_type": "%s", "hidden_size": 24, "num_hidden_layers": 4, "num_attention_heads": 3,
         "intermediate_size": 48, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "patch_size": 8,
         "image_size": 40, "vocab_size": 30, "max_position_embeddings": 12}
        """
            .formatted(type));
    Path config = directory.resolve("ours.json");
    Files.writeString(config, ViltCheckpoint.config(directory).toString());
    return ModelConfig.read(config);
  }

  private Map<String, float[]> writeWeights(ModelConfig config) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    SafetensorsWriter writer = new SafetensorsWriter();
    Map<String, float[]> written = new HashMap<>();
    for (Map.Entry<String, long[]> entry : TensorNames.shapes(config).entrySet()) {
      String name = entry.getKey();
      if (name.contains("scale_embeddings")
          || name.contains("constant_token")
          || name.contains("_head.")) {
        continue;
      }
      float[] data = new float[(int) Arrays.stream(entry.getValue()).reduce(1, (a, b) -> a * b)];
      for (int i = 0; i < data.length; i++) {
        data[i] = (float) random.nextDouble();
      }
      written.put(name, data);
      writer.tensor("vilt." + name, data, entry.getValue());
    }
    writer.tensor("vilt.pooler.dense.weight", new float[24 * 24], 24, 24);
    writer.write(directory.resolve("model.safetensors"));
    return written;
  }

  @Test
  void takesWhatViltHasAndLeavesTheRestFresh() throws IOException {
    ModelConfig config = writeVilt("vilt");
    assertEquals(2, config.encoder1Layers());
    assertEquals(5, config.positionGrid());
    assertEquals(1e-12, config.layerNormEps());
    Map<String, float[]> written = writeWeights(config);
    Device cpu = new Device("cpu");
    try (Parameters fresh = new Parameters(config, Map.of(), cpu);
        Parameters parameters = new Parameters(config, Map.of(), cpu)) {
      fresh.initialize(3);
      parameters.initialize(3);
      List<String> unused = ViltCheckpoint.copy(directory, parameters);
      assertEquals(List.of("vilt.pooler.dense.weight"), unused);
      for (String name : TensorNames.shapes(config).keySet()) {
        float[] expected =
            written.getOrDefault(name, Torch.floats(fresh.part(fresh.values(), name)));
        assertArrayEquals(expected, Torch.floats(parameters.part(parameters.values(), name)), name);
      }
    }
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    ModelConfig config = writeVilt("vilt");
    new SafetensorsWriter()
        .tensor("vilt.layernorm.weight", new float[24], 24)
        .write(directory.resolve("model.safetensors"));
    try (Parameters parameters = new Parameters(config, Map.of(), new Device("cpu"))) {
      ScanFormerException missing =
          assertThrows(ScanFormerException.class, () -> ViltCheckpoint.copy(directory, parameters));
      assertTrue(missing.getMessage().contains("word_embeddings.weight\" is missing"));
      assertTrue(missing.getMessage().contains("expected [30, 24]"), missing.getMessage());
    }
  }

  @Test
  void refusesOtherModels() {
    ScanFormerException other = assertThrows(ScanFormerException.class, () -> writeVilt("bert"));
    assertTrue(other.getMessage().contains("\"bert\", expected \"vilt\""));
  }

  /** Splits the checkpoint in two, the second with an int64 tensor, as Hugging Face saves them. */
  @Test
  void readsShardsAndListsWhatIsNotUsed() throws IOException {
    ModelConfig config = writeVilt("vilt");
    Map<String, float[]> written = writeWeights(config);
    Path whole = directory.resolve("model.safetensors");
    Files.move(whole, directory.resolve("model-00001-of-00002.safetensors"));
    String name = "vilt.embeddings.text_embeddings.position_ids";
    String header =
        "{\"" + name + "\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[0,16]}}";
    Files.write(
        directory.resolve("model-00002-of-00002.safetensors"),
        ByteBuffer.allocate(8 + header.length() + 16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length())
            .put(header.getBytes(StandardCharsets.US_ASCII))
            .array());
    Path index = directory.resolve("model.safetensors.index.json");
    Files.writeString(
        index,
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\", \"b\":"
            + " \"model-00002-of-00002.safetensors\"}}");
    try (Parameters parameters = new Parameters(config, Map.of(), new Device("cpu"))) {
      List<String> unused = ViltCheckpoint.copy(directory, parameters);
      assertEquals(List.of("vilt.pooler.dense.weight", name), unused);
      String layer = "encoder.layer.1.output.dense.weight";
      assertArrayEquals(
          written.get(layer), Torch.floats(parameters.part(parameters.values(), layer)));
      Files.writeString(index, "{\"weight_map\": {\"a\": \"../x.safetensors\"}}");
      assertRefused(parameters, "../x.safetensors");
      Files.delete(index);
      assertRefused(parameters, "expected it or model.safetensors.index.json");
      Files.writeString(directory.resolve("pytorch_model.bin"), "PK");
      assertRefused(parameters, "found pytorch_model.bin instead: save the model as safetensors");
    }
  }

  private void assertRefused(Parameters parameters, String words) {
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> ViltCheckpoint.copy(directory, parameters));
    assertTrue(refusal.getMessage().contains(words), refusal.getMessage());
  }
}
