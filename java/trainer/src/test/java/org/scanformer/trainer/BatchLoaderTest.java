package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** Batches that are made ahead, with pixels on a device: here, the CPU. */
class BatchLoaderTest {
  private static final Device CPU = new Device("cpu");

  @TempDir private Path directory;

  private BatchBuilder builder() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    Path tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    return new BatchBuilder(
        config,
        TextTokenizer.open(tokenizer, config),
        AuxiliaryHeads.TARGET_ALONE,
        new LeftOut(new PrintWriter(System.err)));
  }

  /** Nobody else knows of them, and the pixels of a batch are hundreds of megabytes. */
  @Test
  void whatWasMadeForNothingIsClosed() throws Exception {
    ReferringPair pair = ShapesDataset.of(Split.TRAIN, 1, 1, 200).pair(0);
    List<Batch> made = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch dropped = new CountDownLatch(1);
    CountDownLatch last = new CountDownLatch(3);
    try (BatchLoader loader = new BatchLoader(List.of(builder(), builder()), CPU)) {
      Batch used;
      try (BatchLoader.Batches batches =
          loader.batches(
              0,
              3,
              (builder, number) -> {
                if (number == 2) {
                  begun.countDown();
                  await(dropped);
                }
                Batch batch = builder.build(List.of(pair), BatchBuilder.Replacement.NONE);
                batch.upload(CPU);
                made.add(batch);
                last.countDown();
                return batch;
              })) {
        used = batches.next();
        await(begun);
      }
      dropped.countDown();
      assertTrue(used.isUploaded(), "what was handed over is its user's");
      used.close();
      await(last);
    }
    assertEquals(3, made.size());
    for (Batch batch : made) {
      assertFalse(batch.isUploaded());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
