package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** Interrupts end neither the loading of a model nor a call, and are left to the application. */
@Timeout(60)
class InterruptTest {
  private static final ScanFormerOptions OPTIONS =
      ScanFormerOptions.builder().backend(BackendKind.CPU).build();

  @TempDir private Path directory;

  private static <T> T interrupted(Supplier<T> work) {
    Thread.currentThread().interrupt();
    try {
      T result = work.get();
      assertTrue(Thread.currentThread().isInterrupted(), "the status stays set");
      return result;
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void ofAThreadThatIsInterruptedBefore() throws Exception {
    RandomModel.tiny().write(directory);
    Image image = Image.of(RandomImages.structured(1, 40, 45));
    interrupted(() -> ScanFormer.inspect(directory, OPTIONS));
    try (ScanFormer model = interrupted(() -> ScanFormer.load(directory, OPTIONS));
        Expression red = interrupted(() -> model.encode("red"));
        Session session = interrupted(() -> model.openSession(SessionOptions.defaults()));
        Batcher batcher = interrupted(() -> model.openBatcher(BatcherOptions.defaults()))) {
      NormalizedBox expected = model.locate(image, "red").normalizedBox();
      Request request = Request.of(image, red);
      for (Locator locator : new Locator[] {model, session, batcher}) {
        assertEquals(expected, interrupted(() -> locator.locate(request)).normalizedBox());
      }
    }
  }

  /** The channel of the weights is closed by an interrupt at any time. */
  @Test
  void ofAThreadThatIsInterruptedWhileItLoads() throws Exception {
    RandomModel.tiny().hiddenSize(64).write(directory);
    Thread loading = Thread.currentThread();
    AtomicBoolean loaded = new AtomicBoolean();
    Thread interrupting =
        new Thread(
            () -> {
              for (int i = 0; i < 20 && !loaded.get(); i++) {
                loading.interrupt();
                Thread.yield();
              }
            });
    interrupting.start();
    ScanFormer.load(directory, OPTIONS).close();
    loaded.set(true);
    Thread.interrupted();
    interrupting.join();
    Thread.interrupted();
  }
}
