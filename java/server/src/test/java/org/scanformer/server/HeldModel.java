package org.scanformer.server;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;

/** The bundled model, whose next batch can be held while it runs. */
final class HeldModel implements AutoCloseable {
  private final CountDownLatch isHeld = new CountDownLatch(1);
  private volatile CountDownLatch gate = new CountDownLatch(0);
  private final ServedModel model =
      ServedModel.load(
          ModelSpec.BUNDLED,
          ScanFormerOptions.builder().metrics(new Gate()).build(),
          BatcherOptions.builder().maxBatch(1));

  private final class Gate implements ScanFormerMetrics {
    @Override
    public void callDone(int requests, int completedScales, boolean deadlineMet, long nanos) {
      if (gate.getCount() == 0) {
        return;
      }
      isHeld.countDown();
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  ServedModel model() {
    return model;
  }

  /** Asks it something, with time enough. */
  CompletableFuture<Location> ask() {
    return ask("the star");
  }

  /** Asks it for an expression. */
  CompletableFuture<Location> ask(String text) {
    Image image = Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1);
    return model.submit(
        Request.of(image, text),
        Schedule.FINAL_ONLY,
        LocateService.deadline(System.nanoTime(), Duration.ofMinutes(1)));
  }

  /** Holds the next batch. */
  void hold() {
    gate = new CountDownLatch(1);
  }

  /** Waits until a batch is held. */
  void awaitHeld() {
    try {
      isHeld.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Lets the batch end, and all others. */
  void letGo() {
    gate.countDown();
  }

  @Override
  public void close() {
    letGo();
    model.close();
  }
}
