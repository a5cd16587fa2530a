package org.scanformer.internal.engine;

/** Sees a run's intermediate values, for comparison with a reference. */
public interface Trace {
  /**
   * The selection head's logits of a scale.
   *
   * @param logits [selected patches, 4], those of the children (2i, 2j), (2i, 2j+1), (2i+1, 2j),
   *     (2i+1, 2j+1)
   */
  void logits(int request, int scale, float[] logits);

  /** The normalised [REG] token of a scale, [hidden]. */
  void reg(int request, int scale, float[] reg);

  /**
   * What the last scale's patch tokens give, where candidates are asked for.
   *
   * @param boxes [selected patches, 4]
   * @param scores [selected patches]
   */
  void candidates(int request, int scale, float[] boxes, float[] scores);
}
