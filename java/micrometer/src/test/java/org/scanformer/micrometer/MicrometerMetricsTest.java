package org.scanformer.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerMetrics.DropReason;
import org.scanformer.ScanFormerOptions;

class MicrometerMetricsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void everyCallOfTheInterfaceHasItsMeters() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry, Tags.of("device", "0"));
    metrics.callDone(3, 2, true, 5_000_000);
    metrics.callDone(1, 1, false, 7_000_000);
    metrics.callFailed(ErrorCode.DEVICE_ERROR);
    metrics.scaleDone(0, 12, 14, 1_000_000);
    metrics.scaleDone(-1, 0, 40, 2_000_000);
    metrics.textEncoded(5, 3_000_000);
    metrics.queueLength(6, 6);
    metrics.batchFormed(4, 8_000_000);
    metrics.requestDropped(DropReason.EXPIRED);
    metrics.requestDropped(DropReason.EXPIRED);

    assertEquals(5, timer("scanformer.call", "deadline", "met").totalTime(TimeUnit.MILLISECONDS));
    assertEquals(
        7, timer("scanformer.call", "deadline", "missed").totalTime(TimeUnit.MILLISECONDS));
    assertEquals(4, registry.get("scanformer.call.requests").summary().totalAmount());
    assertEquals(3, registry.get("scanformer.call.scales").summary().totalAmount());
    assertEquals(
        1, registry.get("scanformer.call.failures").tag("code", "DEVICE_ERROR").counter().count());
    assertEquals(
        0, registry.get("scanformer.call.failures").tag("code", "BAD_INPUT").counter().count());
    assertEquals(1, timer("scanformer.scale", "scale", "0").totalTime(TimeUnit.MILLISECONDS));
    assertEquals(2, timer("scanformer.scale", "scale", "all").totalTime(TimeUnit.MILLISECONDS));
    assertEquals(
        12, registry.get("scanformer.scale.patches").tag("scale", "0").summary().totalAmount());
    assertEquals(
        40, registry.get("scanformer.scale.tokens").tag("scale", "all").summary().totalAmount());
    assertEquals(3, registry.get("scanformer.text").timer().totalTime(TimeUnit.MILLISECONDS));
    assertEquals(6, registry.get("scanformer.queue.length").gauge().value());
    assertEquals(4, registry.get("scanformer.batch.requests").summary().totalAmount());
    assertEquals(8, registry.get("scanformer.queue.wait").timer().totalTime(TimeUnit.MILLISECONDS));
    assertEquals(
        2, registry.get("scanformer.queue.dropped").tag("reason", "EXPIRED").counter().count());
    registry
        .getMeters()
        .forEach(meter -> assertEquals("0", meter.getId().getTag("device"), meter.toString()));
  }

  private Timer timer(String name, String tag, String value) {
    return registry.get(name).tag(tag, value).timer();
  }

  @Test
  void anEngineAndABatcherAreCounted() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    Image image = Image.of(ByteBuffer.allocate(3 * 64 * 64), PixelFormat.RGB, 64, 64);
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(BackendKind.CPU).metrics(metrics).build();
    try (ScanFormer model = ScanFormer.load(options);
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      model.locate(List.of(Request.of(image, "the red star"), Request.of(image, "the star")));
      batcher.submit(Request.of(image, "the star")).join();
      assertThrows(ScanFormerException.class, () -> model.encode(" "));
    }
    assertEquals(2, timer("scanformer.call", "deadline", "met").count());
    assertEquals(3, registry.get("scanformer.call.requests").summary().totalAmount());
    assertEquals(2, timer("scanformer.scale", "scale", "0").count());
    assertEquals(2, timer("scanformer.scale", "scale", "all").count());
    assertEquals(1, registry.get("scanformer.text").timer().count());
    assertEquals(1, registry.get("scanformer.batch.requests").summary().count());
    assertEquals(0, registry.get("scanformer.queue.length").gauge().value());
    assertTrue(timer("scanformer.scale", "scale", "1").totalTime(TimeUnit.NANOSECONDS) > 0);
  }

  @Test
  void aBatchersOwnMetricsTakeThePlaceOfItsModels() {
    MeterRegistry own = new SimpleMeterRegistry();
    try (ScanFormer model = load(new MicrometerMetrics(registry));
        Batcher batcher =
            model.openBatcher(
                BatcherOptions.builder().metrics(new MicrometerMetrics(own)).build())) {
      batcher.locate(image(), "the star");
    }
    assertEquals(0, registry.get("scanformer.batch.requests").summary().count());
    assertEquals(1, own.get("scanformer.batch.requests").summary().count());
    assertEquals(1, timer("scanformer.call", "deadline", "met").count(), "the call is the model's");
  }

  @Test
  void modelsThatShareMetricsTellThemOfTheirQueueOnce() {
    MicrometerMetrics shared = new MicrometerMetrics(registry);
    MeterRegistry another = new SimpleMeterRegistry();
    try (ScanFormer first = load(shared);
        ScanFormer second = load(shared);
        ScanFormer third = load(new MicrometerMetrics(another));
        Batcher batcher = Batcher.open(List.of(first, second, third), BatcherOptions.defaults())) {
      batcher.locate(image(), "the star");
    }
    assertEquals(1, registry.get("scanformer.batch.requests").summary().count());
    assertEquals(1, another.get("scanformer.batch.requests").summary().count());
  }

  @Test
  void aSecondRegistrySeesWhatComesAfterItWasBound() {
    MicrometerMetrics metrics = new MicrometerMetrics(Tags.of("device", "0"));
    metrics.textEncoded(5, 3_000_000);
    metrics.bindTo(registry);
    metrics.queueLength(6, 6);
    metrics.textEncoded(5, 3_000_000);
    MeterRegistry second = new SimpleMeterRegistry();
    metrics.bindTo(second);
    metrics.bindTo(registry);
    metrics.textEncoded(5, 3_000_000);
    metrics.scaleDone(1, 12, 14, 1_000_000);
    assertEquals(2, registry.get("scanformer.text").timer().count());
    assertEquals(1, second.get("scanformer.text").timer().count());
    for (MeterRegistry bound : List.of(registry, second)) {
      assertEquals(6, bound.get("scanformer.queue.length").tag("device", "0").gauge().value());
      assertEquals(
          14, bound.get("scanformer.scale.tokens").tag("scale", "1").summary().totalAmount());
    }
  }

  @Test
  void theGaugeAddsUpWhatWaitsInSeveralQueues() {
    MicrometerMetrics metrics = new MicrometerMetrics(registry);
    metrics.queueLength(6, 6);
    metrics.queueLength(2, 2);
    assertEquals(8, registry.get("scanformer.queue.length").gauge().value());
    metrics.queueLength(0, -6);
    assertEquals(2, registry.get("scanformer.queue.length").gauge().value());
  }

  /** As when a model is loaded anew; a registry keeps only the first one's gauge. */
  @Test
  void theGaugeGoesOnWhereMetricsAreMadeAnew() {
    MicrometerMetrics first = new MicrometerMetrics(registry);
    first.queueLength(6, 6);
    first.queueLength(0, -6);
    MicrometerMetrics second = new MicrometerMetrics(registry);
    second.queueLength(2, 2);
    first = null;
    System.gc();
    assertEquals(2, registry.get("scanformer.queue.length").gauge().value());
    first = new MicrometerMetrics(registry);
    first.queueLength(1, 1);
    assertEquals(3, registry.get("scanformer.queue.length").gauge().value());
  }

  private static Image image() {
    return Image.of(ByteBuffer.allocate(3 * 64 * 64), PixelFormat.RGB, 64, 64);
  }

  private static ScanFormer load(MicrometerMetrics metrics) {
    return ScanFormer.load(
        ScanFormerOptions.builder().backend(BackendKind.CPU).metrics(metrics).build());
  }
}
