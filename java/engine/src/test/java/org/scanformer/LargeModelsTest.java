package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** Configurations whose arrays have more elements than a number of them can say. */
class LargeModelsTest {
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
