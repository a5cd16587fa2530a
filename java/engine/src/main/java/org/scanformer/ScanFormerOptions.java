package org.scanformer;

import java.util.Objects;

/** How a model is opened. Immutable; made by {@link #builder()}. */
public final class ScanFormerOptions {
  private final BackendKind backend;
  private final int device;
  private final Precision precision;
  private final int threads;
  private final Schedule schedule;
  private final int maxBatch;
  private final boolean strictExpressions;
  private final ScanFormerMetrics metrics;

  private ScanFormerOptions(Builder builder) {
    this.backend = builder.backend;
    this.device = builder.device;
    this.precision = builder.precision;
    this.threads = builder.threads;
    this.schedule = builder.schedule;
    this.maxBatch = builder.maxBatch;
    this.strictExpressions = builder.strictExpressions;
    this.metrics = builder.metrics;
  }

  /** The defaults. */
  public static ScanFormerOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The device family asked for. Default {@link BackendKind#AUTO}. */
  public BackendKind backend() {
    return backend;
  }

  /** The device's number within its family. Default 0. */
  public int device() {
    return device;
  }

  /** The precision asked for, or null for the device's default: fp32 on the CPU. */
  public Precision precision() {
    return precision;
  }

  /**
   * The number of CPU threads an operation may use; 0, the default, for as many as {@link
   * Runtime#availableProcessors()} says, which knows of a container's quota.
   */
  public int threads() {
    return threads;
  }

  /** The schedule of calls that name none. Default {@link Schedule#FINAL_ONLY}. */
  public Schedule schedule() {
    return schedule;
  }

  /**
   * The largest number of requests that run together; a longer list runs in pieces of this size.
   * Memory is reserved for it. Default 8.
   */
  public int maxBatch() {
    return maxBatch;
  }

  /**
   * Whether expressions that the model cannot read whole are refused with BAD_INPUT: those with
   * {@linkplain Expression#unknownWords() words that it does not know}, and those that are
   * {@linkplain Expression#truncated() too long}. This holds for {@link ScanFormer#encode} and for
   * every call that brings text, of the model, its sessions and its batchers. Default false: such
   * expressions are answered by what the model can read of them.
   */
  public boolean strictExpressions() {
    return strictExpressions;
  }

  /**
   * Who sees what the model and its sessions do. Default {@link ScanFormerMetrics#NONE}: nobody.
   */
  public ScanFormerMetrics metrics() {
    return metrics;
  }

  @Override
  public String toString() {
    return "backend "
        + backend
        + ", device "
        + device
        + ", precision "
        + (precision == null ? "of the device" : precision)
        + ", threads "
        + (threads == 0 ? "all" : threads)
        + ", schedule "
        + schedule
        + ", maxBatch "
        + maxBatch
        + (strictExpressions ? ", strict expressions" : "");
  }

  static int requireRange(String name, int value, int low, int high) {
    if (value < low || value > high) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The option " + name + " must be " + low + " to " + high + ", found " + value);
    }
    return value;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private BackendKind backend = BackendKind.AUTO;
    private int device;
    private Precision precision;
    private int threads;
    private Schedule schedule = Schedule.FINAL_ONLY;
    private int maxBatch = 8;
    private boolean strictExpressions;
    private ScanFormerMetrics metrics = ScanFormerMetrics.NONE;

    private Builder() {}

    /** See {@link ScanFormerOptions#backend()}. */
    public Builder backend(BackendKind value) {
      backend = Objects.requireNonNull(value, "backend");
      return this;
    }

    /** See {@link ScanFormerOptions#device()}. */
    public Builder device(int value) {
      device = requireRange("device", value, 0, 1023);
      return this;
    }

    /** See {@link ScanFormerOptions#precision()}. */
    public Builder precision(Precision value) {
      precision = value;
      return this;
    }

    /** See {@link ScanFormerOptions#threads()}. */
    public Builder threads(int value) {
      threads = requireRange("threads", value, 0, 1024);
      return this;
    }

    /** See {@link ScanFormerOptions#schedule()}. */
    public Builder schedule(Schedule value) {
      schedule = Objects.requireNonNull(value, "schedule");
      return this;
    }

    /** See {@link ScanFormerOptions#maxBatch()}. */
    public Builder maxBatch(int value) {
      maxBatch = requireRange("maxBatch", value, 1, 4096);
      return this;
    }

    /** See {@link ScanFormerOptions#strictExpressions()}. */
    public Builder strictExpressions(boolean value) {
      strictExpressions = value;
      return this;
    }

    /** See {@link ScanFormerOptions#metrics()}. */
    public Builder metrics(ScanFormerMetrics value) {
      metrics = Objects.requireNonNull(value, "metrics");
      return this;
    }

    /** The options collected so far. */
    public ScanFormerOptions build() {
      return new ScanFormerOptions(this);
    }
  }
}
