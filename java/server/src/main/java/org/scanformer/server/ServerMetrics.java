package org.scanformer.server;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Set;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.micrometer.MicrometerMetrics;

/** The meters of the server and its models, as Prometheus reads them. Thread-safe. */
public final class ServerMetrics implements RequestObserver, AutoCloseable {
  /** The media type of {@link #scrape()}. */
  public static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  ServerMetrics(Admission admission) {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    Gauge.builder("scanformer.server.requests.active", admission, Admission::requests)
        .description("Requests in work")
        .register(registry);
    Gauge.builder("scanformer.server.requests.memory", admission, Admission::bytes)
        .description("Bytes of bodies and images of requests in work")
        .baseUnit("bytes")
        .register(registry);
  }

  /** The meters of one model. */
  ScanFormerMetrics of(ModelSpec spec) {
    return new MicrometerMetrics(
        registry, Tags.of("model", spec.name(), "version", spec.version()));
  }

  @Override
  public void answered(String protocol, String method, String route, String status, long nanos) {
    // A client may name any method: it would make a meter of each.
    String known = protocol.equals("http") && !METHODS.contains(method) ? "other" : method;
    Timer.builder("scanformer.server.requests")
        .description("Requests answered or refused")
        .tags("protocol", protocol, "method", known, "route", route, "status", status)
        .serviceLevelObjectives(
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5))
        .register(registry)
        .record(Duration.ofNanos(nanos));
  }

  /** All meters in Prometheus's text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    registry.close();
  }
}
