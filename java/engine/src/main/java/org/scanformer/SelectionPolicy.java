package org.scanformer;

import java.util.List;

/**
 * Which patches of the finer scales are selected. All patches of the coarsest scale always are, and
 * children of a discarded patch are discarded (except under {@link Masks}). Immutable, so it is
 * thread-safe.
 */
public sealed interface SelectionPolicy {

  /** The threshold that the checkpoint was tuned with. The default. */
  static SelectionPolicy checkpoint() {
    return Checkpoint.INSTANCE;
  }

  /**
   * A patch is selected when the probability that the selection head gives it is greater than this,
   * in (0, 1).
   */
  static SelectionPolicy threshold(double threshold) {
    return new Threshold(threshold);
  }

  /**
   * At each scale the k patches of the highest logits, whatever they are; fewer where fewer have a
   * selected parent.
   */
  static SelectionPolicy topK(int k) {
    return new TopK(k);
  }

  /** Every patch. */
  static SelectionPolicy all() {
    return All.INSTANCE;
  }

  /** No patch beyond the coarsest scale's. */
  static SelectionPolicy none() {
    return None.INSTANCE;
  }

  /**
   * Masks fixed by the caller, for tests and benchmarks: one for every scale from 0 on; scale 0's
   * must select all. They need not be nested.
   */
  static SelectionPolicy masks(List<PatchMask> masks) {
    return new Masks(masks);
  }

  /** See {@link #checkpoint()}. */
  enum Checkpoint implements SelectionPolicy {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "checkpoint";
    }
  }

  /**
   * See {@link #threshold(double)}.
   *
   * @param threshold probability in (0, 1)
   */
  record Threshold(double threshold) implements SelectionPolicy {
    /** Checks the range. */
    public Threshold {
      if (!(threshold > 0 && threshold < 1)) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The selection threshold must be greater than 0 and less than 1, found " + threshold);
      }
    }
  }

  /**
   * See {@link #topK(int)}.
   *
   * @param k patches a scale, 0 or more
   */
  record TopK(int k) implements SelectionPolicy {
    /** Checks the range. */
    public TopK {
      if (k < 0) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "The number of patches a scale must be 0 or more, found " + k);
      }
    }
  }

  /** See {@link #all()}. */
  enum All implements SelectionPolicy {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "all";
    }
  }

  /** See {@link #none()}. */
  enum None implements SelectionPolicy {
    /** The only one. */
    INSTANCE;

    @Override
    public String toString() {
      return "none";
    }
  }

  /**
   * See {@link #masks(List)}.
   *
   * @param masks one a scale
   */
  record Masks(List<PatchMask> masks) implements SelectionPolicy {
    /** Copies the list. */
    public Masks {
      masks = Elements.of("masks", masks);
    }
  }
}
