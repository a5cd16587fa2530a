package org.scanformer.video;

import java.time.Duration;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** How a tracker follows. Immutable; made by {@link #builder()}. */
public final class TrackerOptions {
  private final boolean guided;
  private final double margin;
  private final Duration searchEvery;
  private final double foundThreshold;
  private final Duration lostAfter;
  private final double boxNoise;
  private final Duration budget;
  private final int maxPatches;
  private final int threads;

  private TrackerOptions(Builder builder) {
    guided = builder.guided;
    margin = builder.margin;
    searchEvery = builder.searchEvery;
    foundThreshold = builder.foundThreshold;
    lostAfter = builder.lostAfter;
    boxNoise = builder.boxNoise;
    budget = builder.budget;
    maxPatches = builder.maxPatches;
    threads = builder.threads;
  }

  /** The defaults. */
  public static TrackerOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Whether the finer scales look only around where the object was, while the coarsest one sees all
   * of the frame. Default: true.
   */
  public boolean guided() {
    return guided;
  }

  /**
   * How far around the last box the finer scales look, on each side, relative to the box's larger
   * side, besides where it moves to. Default: 0.15.
   */
  public double margin() {
    return margin;
  }

  /** How often all of the frame is searched in all scales nevertheless. Default: each second. */
  public Duration searchEvery() {
    return searchEvery;
  }

  /** The least score of an object that is found; NaN, the default, for the model's own. */
  public double foundThreshold() {
    return foundThreshold;
  }

  /**
   * For how long an object without a sufficient score stays where it was before it counts as lost,
   * and one that is found elsewhere, in each frame at another place, before its box goes there.
   * Default: 200 ms.
   */
  public Duration lostAfter() {
    return lostAfter;
  }

  /**
   * How far the model's boxes are taken to scatter around the object, relative to its larger side;
   * higher ones smooth more; 0 for no smoothing at all. Default: 0.015.
   */
  public double boxNoise() {
    return boxNoise;
  }

  /** How long an expression may take in a frame. Default: any time. */
  public Duration budget() {
    return budget;
  }

  /** The most patches that a finer scale looks at. Default: all. */
  public int maxPatches() {
    return maxPatches;
  }

  /** The CPU threads of the tracker's session; 0, the default, for all. */
  public int threads() {
    return threads;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private boolean guided = true;
    private double margin = 0.15;
    private Duration searchEvery = Duration.ofSeconds(1);
    private double foundThreshold = Double.NaN;
    private Duration lostAfter = Duration.ofMillis(200);
    private double boxNoise = 0.015;
    private Duration budget;
    private int maxPatches = Integer.MAX_VALUE;
    private int threads;

    private Builder() {}

    /** See {@link TrackerOptions#guided()}. */
    public Builder guided(boolean value) {
      guided = value;
      return this;
    }

    /** See {@link TrackerOptions#margin()}. */
    public Builder margin(double value) {
      require(value >= 0 && value <= 100, "margin must be 0 to 100, found " + value);
      margin = value;
      return this;
    }

    /** See {@link TrackerOptions#searchEvery()}. */
    public Builder searchEvery(Duration value) {
      searchEvery = notNegative("searchEvery", value);
      return this;
    }

    /** See {@link TrackerOptions#foundThreshold()}. */
    public Builder foundThreshold(double value) {
      require(value >= 0 && value <= 1, "foundThreshold must be 0 to 1, found " + value);
      foundThreshold = value;
      return this;
    }

    /** See {@link TrackerOptions#lostAfter()}. */
    public Builder lostAfter(Duration value) {
      lostAfter = notNegative("lostAfter", value);
      return this;
    }

    /** See {@link TrackerOptions#boxNoise()}. */
    public Builder boxNoise(double value) {
      require(value >= 0 && value <= 1, "boxNoise must be 0 to 1, found " + value);
      boxNoise = value;
      return this;
    }

    /** See {@link TrackerOptions#budget()}. */
    public Builder budget(Duration value) {
      budget = notNegative("budget", value);
      return this;
    }

    /** See {@link TrackerOptions#maxPatches()}. */
    public Builder maxPatches(int value) {
      require(value >= 0, "maxPatches must be 0 or more, found " + value);
      maxPatches = value;
      return this;
    }

    /** See {@link TrackerOptions#threads()}. */
    public Builder threads(int value) {
      require(value >= 0 && value <= 1024, "threads must be 0 to 1024, found " + value);
      threads = value;
      return this;
    }

    /** The options collected so far. */
    public TrackerOptions build() {
      return new TrackerOptions(this);
    }

    private static Duration notNegative(String name, Duration value) {
      require(
          !value.isNegative() && value.toDays() < 365,
          name + " must be 0 or more and less than a year, found " + value);
      return value;
    }

    private static void require(boolean holds, String message) {
      if (!holds) {
        throw new ScanFormerException(ErrorCode.BAD_INPUT, "The option " + message);
      }
    }
  }
}
