package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** The three files of a model, checked against each other. */
class ModelDirectoryTest {
  @TempDir private Path directory;

  @BeforeEach
  void writeModel() throws Exception {
    RandomModel.tiny().write(directory);
  }

  private void open() {
    ModelDirectory.open(directory).close();
  }

  /**
   * Changes the tensors' header; data offsets stay true when entries only change their name or
   * shape.
   */
  private void changeHeader(Consumer<ObjectNode> change) throws Exception {
    Path file = directory.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = Math.toIntExact(bytes.getLong());
    byte[] json = new byte[length];
    bytes.get(json);
    ObjectNode header = (ObjectNode) new ObjectMapper().readTree(json);
    change.accept(header);
    byte[] changed = header.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer result =
        ByteBuffer.allocate(Long.BYTES + changed.length + bytes.remaining())
            .order(ByteOrder.LITTLE_ENDIAN);
    result.putLong(changed.length).put(changed).put(bytes);
    Files.write(file, result.array());
  }

  private static void rename(ObjectNode header, String from, String to) {
    header.set(to, header.remove(from));
  }

  @Test
  void aValidModelOpensWithAndWithoutPrefixAndInHalfPrecision() throws Exception {
    open();
    RandomModel.tiny().viltPrefix().dtype(RandomModel.Dtype.F16).write(directory);
    open();
    RandomModel.tiny().dtype(RandomModel.Dtype.BF16).write(directory);
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      long expected =
          TensorNames.shapes(model.config()).values().stream()
              .mapToLong(
                  shape -> {
                    long elements = 1;
                    for (long side : shape) {
                      elements *= side;
                    }
                    return elements;
                  })
              .sum();
      assertEquals(expected, model.parameterCount());
      model.read("embeddings.cls_token", 0, FloatBuffer.allocate(model.config().hiddenSize()));
    }
  }

  @Test
  void aMissingFileIsNamedWithWhatAModelDirectoryHolds() throws Exception {
    for (String name : new String[] {"tokenizer.json", "model.safetensors", "config.json"}) {
      Files.delete(directory.resolve(name));
      assertRefused(
          this::open,
          directory.toString(),
          "found no file " + name,
          "config.json, model.safetensors and tokenizer.json");
    }
    Path nowhere = directory.resolve("nowhere");
    assertRefused(() -> ModelDirectory.open(nowhere), nowhere + ": found nothing, expected");
    Path file = Files.writeString(directory.resolve("a-file"), "");
    assertRefused(() -> ModelDirectory.open(file), file + ": found a file, expected");
  }

  @Test
  void weightsInAnotherFormAreNamedWithWhatToDo() throws Exception {
    Files.delete(directory.resolve("model.safetensors"));
    Path bin = Files.writeString(directory.resolve("pytorch_model.bin"), "");
    assertRefused(
        this::open, "no file model.safetensors but pytorch_model.bin", "safe_serialization=True");
    Files.delete(bin);
    Files.writeString(directory.resolve("model.safetensors.index.json"), "{}");
    assertRefused(
        this::open,
        "no file model.safetensors but model.safetensors.index.json, of a checkpoint in several",
        "max_shard_size");
  }

  @Test
  void aMissingTensorIsNamed() throws Exception {
    changeHeader(header -> rename(header, "layernorm.weight", "layernorm.gamma"));
    assertRefused(
        this::open, "model.safetensors", "found no tensor \"layernorm.weight\", expected ");
  }

  @Test
  void manyMissingTensorsAreNamedInPartAndCounted() throws Exception {
    // A model of one more layer wants 16 more tensors: weight and bias of two norms and six linear
    // layers.
    Path config = directory.resolve("config.json");
    ObjectNode node = (ObjectNode) new ObjectMapper().readTree(config.toFile());
    node.put("num_hidden_layers", node.get("num_hidden_layers").asInt() + 1);
    Files.writeString(config, node.toString());
    assertRefused(
        this::open,
        "model.safetensors",
        "\"encoder.layer.4.layernorm_before.weight\"",
        "and 11 more");
  }

  @Test
  void anUnknownTensorIsNamed() throws Exception {
    changeHeader(
        header ->
            header
                .putObject("pooler.dense.weight")
                .put("dtype", "F32")
                .<ObjectNode>set("shape", new ObjectMapper().createArrayNode().add(0))
                .set("data_offsets", new ObjectMapper().createArrayNode().add(0).add(0)));
    assertRefused(
        this::open,
        "model.safetensors",
        "found the unknown tensor \"pooler.dense.weight\", expected none");
  }

  @Test
  void theCandidateHeadIsThereOrNot() throws Exception {
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      assertFalse(model.hasCandidateHead());
    }
    RandomModel.tiny().viltPrefix().candidateHead().write(directory);
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      assertTrue(model.hasCandidateHead());
    }
    changeHeader(header -> rename(header, "candidate_head.bias", "candidate_head.scale"));
    assertRefused(this::open, "found no tensor \"candidate_head.bias\", expected ");
  }

  @Test
  void aWrongShapeIsNamedWithWhatWasFoundAndExpected() throws Exception {
    changeHeader(
        header ->
            ((ObjectNode) header.get("selection_head.out_proj.weight"))
                .set("shape", new ObjectMapper().createArrayNode().add(64).add(4)));
    assertRefused(
        this::open,
        "model.safetensors",
        "tensor \"selection_head.out_proj.weight\" has the shape [64, 4], expected [4, 64]");
  }

  @Test
  void aNameWithAndWithoutPrefix() throws Exception {
    changeHeader(header -> rename(header, "layernorm.bias", "vilt.layernorm.weight"));
    assertRefused(
        this::open,
        "model.safetensors",
        "tensor \"layernorm.weight\" is there with and without \"vilt.\"");
  }

  @Test
  void theSchemaNamesEveryTensorOfTheFormat() {
    ModelConfig config = ModelConfig.read(directory.resolve("config.json"));
    Map<String, long[]> shapes = TensorNames.shapes(config);
    // 12 of the embeddings, 16 a layer, 2 of the last norm, 6 of each of selection and box head,
    // 2 of the score head.
    int expected = 12 + 16 * config.numHiddenLayers() + 2 + 6 + 6 + (config.scoreHead() ? 2 : 0);
    assertEquals(expected, shapes.size());
  }
}
