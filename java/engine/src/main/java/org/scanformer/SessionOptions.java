package org.scanformer;

import java.util.Objects;
import java.util.function.LongSupplier;

/** How a session is set up. Immutable; made by {@link #builder()}. */
public final class SessionOptions {
  private final int threads;
  private final int textCache;
  private final int warmUpWidth;
  private final int warmUpHeight;
  private final LongSupplier clock;

  private SessionOptions(Builder builder) {
    threads = builder.threads;
    textCache = builder.textCache;
    warmUpWidth = builder.warmUpWidth;
    warmUpHeight = builder.warmUpHeight;
    clock = builder.clock;
  }

  /** The defaults. */
  public static SessionOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The number of CPU threads an operation may use; 0, the default, for all that the process may
   * run on. Sessions that run at the same time share the processors, so their threads should not
   * exceed them.
   */
  public int threads() {
    return threads;
  }

  /** How many of the last expressions that came as text are kept encoded. Default 16. */
  public int textCache() {
    return textCache;
  }

  /** Width of the frames to come, for {@link Session#warmUp()}. Default 640. */
  public int warmUpWidth() {
    return warmUpWidth;
  }

  /** Height of the frames to come. Default 480. */
  public int warmUpHeight() {
    return warmUpHeight;
  }

  LongSupplier clock() {
    return clock;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private int threads;
    private int textCache = 16;
    private int warmUpWidth = 640;
    private int warmUpHeight = 480;
    private LongSupplier clock = System::nanoTime;

    private Builder() {}

    /** See {@link SessionOptions#threads()}. */
    public Builder threads(int value) {
      threads = requireRange("threads", value, 0, 1024);
      return this;
    }

    /** See {@link SessionOptions#textCache()}. */
    public Builder textCache(int value) {
      textCache = requireRange("textCache", value, 1, 1 << 20);
      return this;
    }

    /** See {@link SessionOptions#warmUpWidth()} and {@link SessionOptions#warmUpHeight()}. */
    public Builder warmUpSize(int width, int height) {
      warmUpWidth = requireRange("warmUpSize", width, 1, 1 << 14);
      warmUpHeight = requireRange("warmUpSize", height, 1, 1 << 14);
      return this;
    }

    /** Nanoseconds from any origin, which deadlines are compared with. */
    Builder clock(LongSupplier value) {
      clock = Objects.requireNonNull(value, "clock");
      return this;
    }

    /** The options collected so far. */
    public SessionOptions build() {
      return new SessionOptions(this);
    }

    private static int requireRange(String name, int value, int low, int high) {
      if (value < low || value > high) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The option " + name + " must be " + low + " to " + high + ", found " + value);
      }
      return value;
    }
  }
}
