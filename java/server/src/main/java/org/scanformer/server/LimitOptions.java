package org.scanformer.server;

import java.time.Duration;
import picocli.CommandLine.Option;

/** The options that bound what requests and connections may cost. */
final class LimitOptions {
  private static final Limits DEFAULTS = Limits.defaults();

  @Option(
      names = "--max-body",
      paramLabel = "MIB",
      description = "The largest body of a request, in MiB. Default: 20.")
  private int bodyMib = DEFAULTS.bodyBytes() >> 20;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "The most pixels of an image. Default: 40000000.")
  private long pixels = DEFAULTS.pixels();

  @Option(
      names = "--max-requests",
      paramLabel = "N",
      description = "Requests in work at a time; more are refused with 429. Default: 64.")
  private int requests = DEFAULTS.requests();

  @Option(
      names = "--max-memory",
      paramLabel = "MIB",
      description =
          "Bodies and images of all requests in work, in MiB. Default: a third of the largest Java"
              + " heap.")
  private long memoryMib = DEFAULTS.memoryBytes() >> 20;

  @Option(
      names = "--max-connections",
      paramLabel = "N",
      description = "Open connections over HTTP; more wait. Default: 4096.")
  private int connections = DEFAULTS.connections();

  @Option(
      names = "--header-timeout",
      paramLabel = "SECONDS",
      description =
          "The most time to send the head of a request, and for a TLS handshake. Default: 10.")
  private double headerSeconds = DEFAULTS.headerTime().toSeconds();

  @Option(
      names = "--body-timeout",
      paramLabel = "SECONDS",
      description =
          "The most time to send the body of a request, and to take its answer. Default: 30.")
  private double bodySeconds = DEFAULTS.bodyTime().toSeconds();

  @Option(
      names = "--request-timeout",
      paramLabel = "SECONDS",
      description =
          "The most time to answer a request. A request may ask for less, by the header"
              + " X-Request-Timeout-Ms or gRPC's deadline. Default: 30.")
  private double requestSeconds = DEFAULTS.requestTime().toSeconds();

  @Option(
      names = "--drain-timeout",
      paramLabel = "SECONDS",
      description = "On SIGTERM, how long requests in work may take. Default: 30.")
  private double drainSeconds = DEFAULTS.drainTime().toSeconds();

  /**
   * The limits.
   *
   * @throws IllegalArgumentException naming the option that is out of range
   */
  Limits toLimits() {
    requireRange("--max-body", bodyMib, 1, 1024);
    requireRange("--max-pixels", pixels, 1, 100_000_000);
    requireRange("--max-requests", requests, 1, 1 << 16);
    requireRange("--max-memory", memoryMib, 1, 1 << 30);
    requireRange("--max-connections", connections, 1, 1 << 20);
    return new Limits(
        bodyMib << 20,
        pixels,
        requests,
        memoryMib << 20,
        connections,
        seconds("--header-timeout", headerSeconds),
        seconds("--body-timeout", bodySeconds),
        seconds("--request-timeout", requestSeconds),
        seconds("--drain-timeout", drainSeconds));
  }

  private static void requireRange(String option, long value, long low, long high) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(
          option + " must be " + low + " to " + high + ", found " + value);
    }
  }

  private static Duration seconds(String option, double value) {
    if (!(value >= 0.001 && value <= 86_400)) {
      throw new IllegalArgumentException(
          option + " must be 0.001 to 86400 seconds, found " + value);
    }
    return Duration.ofNanos((long) (value * 1e9));
  }
}
