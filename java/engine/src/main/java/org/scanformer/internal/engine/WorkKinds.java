package org.scanformer.internal.engine;

/**
 * The kinds of work of a model, as numbers: work of one kind and equal sizes enqueues the same
 * operations, and takes about the same time. Immutable.
 */
final class WorkKinds {
  /** How far a scale's tokens go in one piece of work. */
  enum Depth {
    /** Through Encoder1. */
    SELECTION,
    /** Through all layers, the last of which only [REG] leaves. */
    BOX,
    /** Through all layers. */
    ALL_ROWS
  }

  private static final int DEPTHS = Depth.values().length;

  private final int scales;

  WorkKinds(int scales) {
    this.scales = scales;
  }

  /** A scale. */
  int scale(int s, Depth depth) {
    return depth.ordinal() * scales + s;
  }

  /** The heads on a scale's patch tokens. */
  int candidates(int s) {
    return DEPTHS * scales + s;
  }

  /** The same, where the patch tokens come from the pass over all tokens. */
  int finalCandidates() {
    return candidates(scales);
  }

  /** The pass over all tokens. */
  int finalPass(boolean allRows) {
    return finalCandidates() + (allRows ? 2 : 1);
  }

  /** A text by itself. */
  int text() {
    return finalCandidates() + 3;
  }

  /** A call as a whole. */
  int wholeCall() {
    return text() + 1;
  }

  /** One more than the greatest number. */
  int count() {
    return wholeCall() + 1;
  }
}
