package org.scanformer.micrometer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Arrays;
import java.util.Objects;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerMetrics;

/**
 * Reports what a model, its sessions and its batchers do to the meters of one registry or several.
 * All meters are registered when a registry is bound, except those of a scale, which are registered
 * when it first runs.
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
 * <p>The meters of the queue and of formed batches are those of the model's batchers, and stay at 0
 * while it has none. A batcher whose own options name metrics reports to those instead.
 *
 * <p>Thread-safe. Several models and batchers may share one instance, which adds their numbers up,
 * also in the gauge, and so do several instances of the same tags in one registry. To keep them
 * apart, give each its own instance with its own tags.
 */
public final class MicrometerMetrics implements ScanFormerMetrics, MeterBinder {
  private final Tags tags;

  /** Requests that wait; guarded by this. */
  private int queueLength;

  /** Replaced and never written to, so that what is told makes no garbage. */
  private volatile RegistryMeters[] registries = {};

  /**
   * Meters with tags of the application in addition to those of the table, in no registry until
   * {@link #bindTo}.
   *
   * @param tags for example a device or a stream
   */
  public MicrometerMetrics(Tags tags) {
    this.tags = Objects.requireNonNull(tags, "tags");
  }

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
    this(tags);
    bindTo(registry);
  }

  /**
   * Registers the meters in another registry too, whose counters begin at 0. A registry that is
   * bound already is left as it is.
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    Objects.requireNonNull(registry, "registry");
    RegistryMeters[] bound = registries;
    if (Arrays.stream(bound).noneMatch(meters -> meters.isOf(registry))) {
      RegistryMeters[] more = Arrays.copyOf(bound, bound.length + 1);
      more[bound.length] = new RegistryMeters(registry, tags, queueLength);
      registries = more;
    }
  }

  @Override
  public void callDone(int batch, int scalesRun, boolean deadlineMet, long nanos) {
    for (RegistryMeters meters : registries) {
      meters.callDone(batch, scalesRun, deadlineMet, nanos);
    }
  }

  @Override
  public void callFailed(ErrorCode code) {
    for (RegistryMeters meters : registries) {
      meters.callFailed(code);
    }
  }

  @Override
  public void scaleDone(int scale, int patches, int tokens, long nanos) {
    for (RegistryMeters meters : registries) {
      meters.scaleDone(scale, patches, tokens, nanos);
    }
  }

  @Override
  public void textEncoded(int tokens, long nanos) {
    for (RegistryMeters meters : registries) {
      meters.textEncoded(tokens, nanos);
    }
  }

  @Override
  public void queueLength(int waiting, int change) {
    // Bound and counted in turn, or a registry that comes meanwhile would have a change twice.
    synchronized (this) {
      queueLength += change;
      for (RegistryMeters meters : registries) {
        meters.queueLength(waiting, change);
      }
    }
  }

  @Override
  public void batchFormed(int batch, long longestWaitNanos) {
    for (RegistryMeters meters : registries) {
      meters.batchFormed(batch, longestWaitNanos);
    }
  }

  @Override
  public void requestDropped(DropReason reason) {
    for (RegistryMeters meters : registries) {
      meters.requestDropped(reason);
    }
  }
}
