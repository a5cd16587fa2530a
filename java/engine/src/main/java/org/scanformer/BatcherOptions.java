package org.scanformer;

import java.time.Duration;
import java.util.Objects;

/** How a {@link Batcher} is set up. Immutable, so it is thread-safe. Made by {@link #builder()}. */
public final class BatcherOptions {
  /** What happens to a request that finds the queue full. */
  public enum Overflow {
    /** Its thread waits for room. For work all of which must be done. */
    WAIT,
    /** It is refused. For services that ask their callers to try again later. */
    REJECT,
    /** It replaces the request that has waited longest. For live video. */
    DROP_OLDEST
  }

  private final int maxBatch;
  private final long maxDelayNanos;
  private final int queueCapacity;
  private final Overflow overflow;
  private final Schedule schedule;
  private final int threads;
  private final int textCache;
  private final ScanFormerMetrics metrics;

  private BatcherOptions(Builder builder) {
    maxBatch = builder.maxBatch;
    maxDelayNanos = builder.maxDelayNanos;
    queueCapacity = builder.queueCapacity;
    overflow = builder.overflow;
    schedule = builder.schedule;
    threads = builder.threads;
    textCache = builder.textCache;
    metrics = builder.metrics;
  }

  /** The defaults. */
  public static BatcherOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The most requests of a batch; each device reserves memory for them. Default 8. */
  public int maxBatch() {
    return maxBatch;
  }

  /**
   * The most nanoseconds that a request waits for others to join its batch while a device is free.
   * Default 0: it runs at once, and requests that come while the devices are busy run together. A
   * full batch and a full queue do not wait.
   */
  public long maxDelayNanos() {
    return maxDelayNanos;
  }

  /** The most requests that wait. Default 256. */
  public int queueCapacity() {
    return queueCapacity;
  }

  /** What happens to a request that finds the queue full. Default {@link Overflow#WAIT}. */
  public Overflow overflow() {
    return overflow;
  }

  /** The schedule. Default {@link Schedule#FINAL_ONLY}. */
  public Schedule schedule() {
    return schedule;
  }

  /**
   * The number of CPU threads that an operation may use; 0, the default, for as many as there are
   * processors.
   */
  public int threads() {
    return threads;
  }

  /** How many of the last texts each device keeps encoded. Default 64. */
  public int textCache() {
    return textCache;
  }

  /**
   * What sees the queue and its batches. Null, the default, for the metrics of the batcher's models
   * ({@link ScanFormerOptions#metrics()}): each sees the whole queue, and those that several models
   * share see it once.
   */
  public ScanFormerMetrics metrics() {
    return metrics;
  }

  @Override
  public String toString() {
    return "maxBatch "
        + maxBatch
        + ", maxDelay "
        + Duration.ofNanos(maxDelayNanos)
        + ", queueCapacity "
        + queueCapacity
        + ", overflow "
        + overflow
        + ", schedule "
        + schedule
        + ", threads "
        + (threads == 0 ? "all" : threads)
        + ", textCache "
        + textCache;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private int maxBatch = 8;
    private long maxDelayNanos;
    private int queueCapacity = 256;
    private Overflow overflow = Overflow.WAIT;
    private Schedule schedule = Schedule.FINAL_ONLY;
    private int threads;
    private int textCache = 64;
    private ScanFormerMetrics metrics;

    private Builder() {}

    /** See {@link BatcherOptions#maxBatch()}. */
    public Builder maxBatch(int value) {
      maxBatch = ScanFormerOptions.requireRange("maxBatch", value, 1, 4096);
      return this;
    }

    /** See {@link BatcherOptions#maxDelayNanos()}. */
    public Builder maxDelay(Duration value) {
      if (value.isNegative() || value.compareTo(Duration.ofHours(1)) > 0) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "The option maxDelay must be 0 to 1 hour, found " + value);
      }
      maxDelayNanos = value.toNanos();
      return this;
    }

    /** See {@link BatcherOptions#queueCapacity()}. */
    public Builder queueCapacity(int value) {
      queueCapacity = ScanFormerOptions.requireRange("queueCapacity", value, 1, 1 << 20);
      return this;
    }

    /** See {@link BatcherOptions#overflow()}. */
    public Builder overflow(Overflow value) {
      overflow = Objects.requireNonNull(value, "overflow");
      return this;
    }

    /** See {@link BatcherOptions#schedule()}. */
    public Builder schedule(Schedule value) {
      schedule = Objects.requireNonNull(value, "schedule");
      return this;
    }

    /** See {@link BatcherOptions#threads()}. */
    public Builder threads(int value) {
      threads = ScanFormerOptions.requireRange("threads", value, 0, 1024);
      return this;
    }

    /** See {@link BatcherOptions#textCache()}. */
    public Builder textCache(int value) {
      textCache = ScanFormerOptions.requireRange("textCache", value, 1, 1 << 20);
      return this;
    }

    /** See {@link BatcherOptions#metrics()}. */
    public Builder metrics(ScanFormerMetrics value) {
      metrics = value;
      return this;
    }

    /** The options collected so far. */
    public BatcherOptions build() {
      return new BatcherOptions(this);
    }
  }
}
