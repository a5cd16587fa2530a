package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** Configurations whose arrays have more elements than a number of them can say. */
class LargeModelsTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path directory;

  private static ScanFormerOptions options(int maxBatch) {
    return ScanFormerOptions.builder()
        .backend(BackendKind.CPU)
        .precision(Precision.FP32)
        .maxBatch(maxBatch)
        .build();
  }

  private static void assertTooLarge(int maxBatch, Runnable call) {
    ScanFormerException refused = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code());
    String message = refused.getMessage();
    assertTrue(message.contains("maxBatch " + maxBatch + " "), message);
    assertTrue(message.contains("can be addressed"), message);
  }

  @Test
  void modelsThatAreTooLargeAreRefused() throws Exception {
    RandomModel.tiny().patchSize(16).coarseGrid(256).scales(3).write(directory);
    assertTooLarge(4096, () -> ScanFormer.load(directory, options(4096)));
    assertTooLarge(4096, () -> ScanFormer.inspect(directory, options(4096)));
  }

  /** A batch of one, whose tables are larger than a buffer of the JVM. */
  @Test
  void modelsWhoseTablesAreTooLargeAreRefused() throws Exception {
    RandomModel.tiny().patchSize(1).coarseGrid(1024).scales(5).write(directory);
    assertTooLarge(1, () -> ScanFormer.load(directory, options(1)));
    assertTooLarge(1, () -> ScanFormer.inspect(directory, options(1)));
  }

  /** A projection of patches with 2.2 GB of weights, all zeros that take no room on the disk. */
  @Test
  void layersThatAreTooLargeAreRefused() throws Exception {
    RandomModel.tiny().hiddenSize(172).patchSize(4).coarseGrid(1).scales(2).write(directory);
    Path config = directory.resolve("config.json");
    ObjectNode fields = (ObjectNode) MAPPER.readTree(config.toFile());
    MAPPER.writeValue(config.toFile(), fields.put("patch_size", 1024));
    enlargePatches(directory.resolve("model.safetensors"));
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class, () -> ScanFormer.load(directory, options(1)).close());
    assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code());
    assertTrue(refused.getMessage().contains("can be addressed"), refused.getMessage());
  }

  /** Moves all tensors behind the projection's weights, and leaves nothing but the header. */
  private static void enlargePatches(Path file) throws Exception {
    byte[] bytes = Files.readAllBytes(file);
    int size = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    ObjectNode tensors = (ObjectNode) MAPPER.readTree(bytes, 8, size);
    JsonNode patches = tensors.get("embeddings.patch_embeddings.projection.weight");
    long end = patches.get("data_offsets").get(1).longValue();
    long more = 172L * 3 * (1024 * 1024 - 4 * 4) * Float.BYTES;
    long length = 0;
    for (JsonNode tensor : tensors) {
      if (tensor.has("data_offsets")) {
        ArrayNode offsets = (ArrayNode) tensor.get("data_offsets");
        for (int i = 0; i < 2; i++) {
          long offset = offsets.get(i).longValue();
          boolean moves = offset > end || offset == end && (i == 0 || tensor == patches);
          offsets.set(i, LongNode.valueOf(moves ? offset + more : offset));
        }
        length = Math.max(length, offsets.get(1).longValue());
      }
    }
    ((ArrayNode) patches.get("shape")).removeAll().add(172).add(3).add(1024).add(1024);
    byte[] header = MAPPER.writeValueAsBytes(tensors);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(0);
      sparse.writeLong(Long.reverseBytes(header.length));
      sparse.write(header);
      sparse.setLength(8 + header.length + length);
    }
  }

  @Test
  void sessionsAndBatchersThatAreTooLargeAreRefused() throws Exception {
    RandomModel.tiny()
        .hiddenSize(2)
        .heads(1)
        .intermediateSize(1)
        .layers(2)
        .encoder1Layers(1)
        .patchSize(1)
        .coarseGrid(384)
        .scales(2)
        .write(directory);
    try (ScanFormer model = ScanFormer.load(directory, options(1))) {
      SessionOptions session = SessionOptions.builder().maxBatch(4096).build();
      assertTooLarge(4096, () -> model.openSession(session));
      assertTooLarge(4096, () -> model.sessionBytes(session));
      BatcherOptions batcher = BatcherOptions.builder().maxBatch(4096).build();
      assertTooLarge(4096, () -> model.openBatcher(batcher));
      // It goes on working.
      model.encode("red").close();
    }
  }
}
