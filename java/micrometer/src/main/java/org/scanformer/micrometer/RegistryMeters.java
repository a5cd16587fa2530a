package org.scanformer.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerMetrics;

/** The meters of one registry. Thread-safe. */
final class RegistryMeters implements ScanFormerMetrics {
  /** More scales than any model has. */
  private static final int MAX_SCALES = 64;

  private final MeterRegistry registry;
  private final Tags tags;
  private final Timer met;
  private final Timer missed;
  private final DistributionSummary requests;
  private final DistributionSummary completedScales;
  private final Map<ErrorCode, Counter> failures = new EnumMap<>(ErrorCode.class);
  private final Timer text;
  private final Timer queueWait;
  private final Map<DropReason, Counter> dropped = new EnumMap<>(DropReason.class);
  private final DistributionSummary batchRequests;

  /**
   * What the gauges show, of all instances of the same tags in a registry: it keeps the first one's
   * gauge, and that weakly, where they may be closed and made anew.
   */
  private static final Map<MeterRegistry, Map<Tags, AtomicInteger>> QUEUE_LENGTHS =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final AtomicInteger queueLength;

  /** By scale; the pass over all scales comes first. */
  private final AtomicReferenceArray<ScaleMeters> scales =
      new AtomicReferenceArray<>(MAX_SCALES + 1);

  private record ScaleMeters(Timer time, DistributionSummary patches, DistributionSummary tokens) {}

  /**
   * Registers all meters but those of the scales.
   *
   * @param waiting requests that wait already
   */
  RegistryMeters(MeterRegistry registry, Tags tags, int waiting) {
    this.registry = registry;
    this.tags = tags;
    met = call("met");
    missed = call("missed");
    requests = summary("scanformer.call.requests", "Requests per batch", tags);
    completedScales = summary("scanformer.call.scales", "Scales run per batch", tags);
    for (ErrorCode code : ErrorCode.values()) {
      failures.put(
          code,
          Counter.builder("scanformer.call.failures")
              .description("Batches and texts that failed")
              .tags(tags.and("code", code.name()))
              .register(registry));
    }
    text = timer("scanformer.text", "Encoding an expression", tags);
    queueWait = timer("scanformer.queue.wait", "Longest wait of a batch's requests", tags);
    queueLength = queueLength(registry, tags);
    queueLength.addAndGet(waiting);
    Gauge.builder("scanformer.queue.length", queueLength, AtomicInteger::get)
        .description("Requests that are waiting")
        .tags(tags)
        .register(registry);
    for (DropReason reason : DropReason.values()) {
      dropped.put(
          reason,
          Counter.builder("scanformer.queue.dropped")
              .description("Requests that were not answered")
              .tags(tags.and("reason", reason.name()))
              .register(registry));
    }
    batchRequests = summary("scanformer.batch.requests", "Requests per formed batch", tags);
  }

  private static AtomicInteger queueLength(MeterRegistry registry, Tags tags) {
    return QUEUE_LENGTHS
        .computeIfAbsent(registry, key -> new ConcurrentHashMap<>())
        .computeIfAbsent(tags, key -> new AtomicInteger());
  }

  boolean isOf(MeterRegistry other) {
    return registry == other;
  }

  private Timer call(String deadline) {
    return timer("scanformer.call", "Answering a batch", tags.and("deadline", deadline));
  }

  private Timer timer(String name, String description, Tags own) {
    return Timer.builder(name).description(description).tags(own).register(registry);
  }

  private DistributionSummary summary(String name, String description, Tags own) {
    return DistributionSummary.builder(name).description(description).tags(own).register(registry);
  }

  private ScaleMeters scale(int scale) {
    ScaleMeters meters = scales.get(scale + 1);
    if (meters == null) {
      // Two threads may get here at once: the registry gives both the same meters.
      Tags own = tags.and("scale", scale < 0 ? "all" : Integer.toString(scale));
      meters =
          new ScaleMeters(
              timer("scanformer.scale", "Running a scale of a batch", own),
              summary("scanformer.scale.patches", "Patches selected", own),
              summary("scanformer.scale.tokens", "Tokens encoded", own));
      scales.set(scale + 1, meters);
    }
    return meters;
  }

  @Override
  public void queueLength(int requests, int change) {
    queueLength.addAndGet(change);
  }

  @Override
  public void callDone(int batch, int scalesRun, boolean deadlineMet, long nanos) {
    (deadlineMet ? met : missed).record(nanos, TimeUnit.NANOSECONDS);
    requests.record(batch);
    completedScales.record(scalesRun);
  }

  @Override
  public void callFailed(ErrorCode code) {
    failures.get(code).increment();
  }

  @Override
  public void scaleDone(int scale, int patches, int tokens, long nanos) {
    ScaleMeters meters = scale(scale);
    meters.time.record(nanos, TimeUnit.NANOSECONDS);
    meters.patches.record(patches);
    meters.tokens.record(tokens);
  }

  @Override
  public void textEncoded(int tokens, long nanos) {
    text.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void batchFormed(int batch, long longestWaitNanos) {
    batchRequests.record(batch);
    queueWait.record(longestWaitNanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void requestDropped(DropReason reason) {
    dropped.get(reason).increment();
  }
}
