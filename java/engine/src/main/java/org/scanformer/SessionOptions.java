package org.scanformer;

import java.util.Objects;
import java.util.function.LongSupplier;
import org.scanformer.internal.engine.Limits;

/** How a session is set up. Immutable; made by {@link #builder()}. */
public final class SessionOptions {
  private final int threads;
  private final int textCache;
  private final int maxBatch;
  private final int frameWidth;
  private final int frameHeight;
  private final int maxPatches;
  private final boolean oneGraph;
  private final LongSupplier clock;

  private SessionOptions(Builder builder) {
    threads = builder.threads;
    textCache = builder.textCache;
    maxBatch = builder.maxBatch;
    frameWidth = builder.frameWidth;
    frameHeight = builder.frameHeight;
    maxPatches = builder.maxPatches;
    oneGraph = builder.oneGraph;
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
   * The number of CPU threads an operation may use; 0, the default, for as many as {@link
   * Runtime#availableProcessors()} says. Sessions that run at the same time share the processors,
   * so their threads should not exceed them.
   */
  public int threads() {
    return threads;
  }

  /** How many of the last expressions that came as text are kept encoded. Default 16. */
  public int textCache() {
    return textCache;
  }

  /** The most images of a call. Default 1. */
  public int maxBatch() {
    return maxBatch;
  }

  /**
   * Width of the frames to come, in pixels; 0, the default, when they may have any size. Where it
   * is declared, memory is reserved for frames of that shape, and for as many pixels; an image that
   * needs a larger grid of patches is refused.
   */
  public int frameWidth() {
    return frameWidth;
  }

  /** Height of the frames to come. */
  public int frameHeight() {
    return frameHeight;
  }

  /**
   * The most patches that a call selects in each scale but the coarsest, those of the highest
   * logits; less memory is reserved for fewer. Default: all.
   */
  public int maxPatches() {
    return maxPatches;
  }

  /**
   * Whether a call is one CUDA graph, in which the device counts the selected patches and chooses
   * the size of the next scale's work, so that the host does not wait between two scales. Default
   * false: on an NVIDIA H200 it saved 2 % of a call.
   *
   * <p>It is for calls of one image under the schedule {@link Schedule#FINAL_ONLY}, without a
   * deadline, a budget or candidates, on a GPU whose driver has switch nodes (CUDA 12.8 and later).
   * All other calls, and all calls of a session whose {@link Session#toString()} says why, are run
   * scale by scale; a session's answers are the same either way, bit for bit. The times of the
   * scales and of the final pass are 0 in answers of one graph, and metrics and the flight recorder
   * see only the whole call.
   *
   * <p>A graph is recorded in the first call of a shape of image. That call runs every size once,
   * and times each product that is not in the file of choices (the system property {@code
   * org.scanformer.cuda.matmulChoices}): it is predicted to take as long as several hundred others.
   * {@link Session#warmUp()} does it for the declared frames, or for 640x480, and for no other
   * shape. There is room for the first four shapes that a session meets, that of the warm-up among
   * them; images of others are located scale by scale.
   *
   * <p>What a session expects a scale to take, by which calls with a deadline or a budget decide
   * how far they go, is learnt from calls that go scale by scale only. The warm-up makes some of
   * them too.
   */
  public boolean oneGraph() {
    return oneGraph;
  }

  @Override
  public String toString() {
    return "threads "
        + (threads == 0 ? "all" : threads)
        + ", textCache "
        + textCache
        + ", maxBatch "
        + maxBatch
        + (frameWidth == 0 ? ", frames of any size" : ", frames " + frameWidth + "x" + frameHeight)
        + (maxPatches == Integer.MAX_VALUE ? "" : ", maxPatches " + maxPatches)
        + (oneGraph ? ", oneGraph" : "");
  }

  Limits limits() {
    return new Limits(maxBatch, frameWidth, frameHeight, maxPatches, oneGraph);
  }

  LongSupplier clock() {
    return clock;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private int threads;
    private int textCache = 16;
    private int maxBatch = 1;
    private int frameWidth;
    private int frameHeight;
    private int maxPatches = Integer.MAX_VALUE;
    private boolean oneGraph;
    private LongSupplier clock = System::nanoTime;

    private Builder() {}

    /** See {@link SessionOptions#threads()}. */
    public Builder threads(int value) {
      threads = ScanFormerOptions.requireRange("threads", value, 0, 1024);
      return this;
    }

    /** See {@link SessionOptions#textCache()}. */
    public Builder textCache(int value) {
      textCache = ScanFormerOptions.requireRange("textCache", value, 1, 1 << 20);
      return this;
    }

    /** See {@link SessionOptions#maxBatch()}. */
    public Builder maxBatch(int value) {
      maxBatch = ScanFormerOptions.requireRange("maxBatch", value, 1, 4096);
      return this;
    }

    /** See {@link SessionOptions#frameWidth()} and {@link SessionOptions#frameHeight()}. */
    public Builder frameSize(int width, int height) {
      frameWidth = ScanFormerOptions.requireRange("frameSize", width, 1, 1 << 14);
      frameHeight = ScanFormerOptions.requireRange("frameSize", height, 1, 1 << 14);
      return this;
    }

    /** See {@link SessionOptions#maxPatches()}. */
    public Builder maxPatches(int value) {
      maxPatches = ScanFormerOptions.requireRange("maxPatches", value, 0, Integer.MAX_VALUE);
      return this;
    }

    /** See {@link SessionOptions#oneGraph()}. */
    public Builder oneGraph(boolean value) {
      oneGraph = value;
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
  }
}
