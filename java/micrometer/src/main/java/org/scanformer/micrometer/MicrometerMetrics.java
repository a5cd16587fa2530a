package org.scanformer.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerMetrics;

/**
 * Reports what a model and its batchers do to the meters of a registry. All meters are registered
 * by the constructor, except those of a scale, which are registered when it first runs.
 *
 * <pre>{@code
 * ScanFormerOptions options =
 *     ScanFormerOptions.builder().metrics(new MicrometerMetrics(registry)).build();
 * }</pre>
 *
 * <table>
 *   <caption>Meters</caption>
 *   <tr><th>name</th><th>kind</th><th>tags</th></tr>
 *   <tr><td>scanformer.call</td><td>timer</td><td>deadline: met, missed</td></tr>
 *   <tr><td>scanformer.call.requests</td><td>summary</td><td></td></tr>
 *   <tr><td>scanformer.call.scales</td><td>summary</td><td></td></tr>
 *   <tr><td>scanformer.call.failures</td><td>counter</td><td>code: an {@link ErrorCode}</td></tr>
 *   <tr><td>scanformer.scale</td><td>timer</td><td>scale: 0, 1, …, or all</td></tr>
 *   <tr><td>scanformer.scale.patches</td><td>summary</td><td>scale</td></tr>
 *   <tr><td>scanformer.scale.tokens</td><td>summary</td><td>scale</td></tr>
 *   <tr><td>scanformer.text</td><td>timer</td><td></td></tr>
 *   <tr><td>scanformer.queue.length</td><td>gauge</td><td></td></tr>
 *   <tr><td>scanformer.queue.wait</td><td>timer</td><td></td></tr>
 *   <tr><td>scanformer.queue.dropped</td><td>counter</td><td>reason: a DropReason</td></tr>
 *   <tr><td>scanformer.batch.requests</td><td>summary</td><td></td></tr>
 * </table>
 *
 * <p>Thread-safe. Several models and batchers may share one instance, which adds their numbers up.
 * To keep them apart, give each its own instance with its own tags.
 */
public final class MicrometerMetrics implements ScanFormerMetrics {
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
  private final AtomicInteger queueLength = new AtomicInteger();
  private final Timer queueWait;
  private final Map<DropReason, Counter> dropped = new EnumMap<>(DropReason.class);
  private final DistributionSummary batchRequests;

  /** By scale; the pass over all scales comes first. */
  private final AtomicReferenceArray<ScaleMeters> scales =
      new AtomicReferenceArray<>(MAX_SCALES + 1);

  private record ScaleMeters(Timer time, DistributionSummary patches, DistributionSummary tokens) {}

  /** Meters without additional tags. */
  public MicrometerMetrics(MeterRegistry registry) {
    this(registry, Tags.empty());
  }

  /**
   * Meters with tags of the application in addition to those of the table.
   *
   * @param registry where they are registered
   * @param tags for example a device or a stream
   */
  public MicrometerMetrics(MeterRegistry registry, Tags tags) {
    this.registry = Objects.requireNonNull(registry, "registry");
    this.tags = Objects.requireNonNull(tags, "tags");
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
  public void queueLength(int waiting) {
    queueLength.set(waiting);
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
