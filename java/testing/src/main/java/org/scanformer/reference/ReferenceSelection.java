package org.scanformer.reference;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Decides which patches of the scales after the coarsest one are selected. */
@FunctionalInterface
public interface ReferenceSelection {
  /**
   * The mask of a scale's patches.
   *
   * @param scale 1 or more; at scale 0 every patch is selected
   * @param logits [rows * cols], row-major: each patch's logit, NaN where its parent is discarded
   */
  boolean[] select(int scale, double[] logits);

  /** The patches whose logit is greater than ln(threshold / (1 - threshold)). */
  static ReferenceSelection threshold(double threshold) {
    double least = Math.log(threshold / (1 - threshold));
    return (scale, logits) -> {
      boolean[] mask = new boolean[logits.length];
      for (int i = 0; i < mask.length; i++) {
        mask[i] = logits[i] > least; // false for NaN
      }
      return mask;
    };
  }

  /**
   * At each scale the k patches of the greatest logits, the first of equals; fewer if fewer have
   * one.
   */
  static ReferenceSelection topK(int k) {
    return (scale, logits) -> {
      boolean[] mask = new boolean[logits.length];
      IntStream.range(0, logits.length)
          .filter(i -> !Double.isNaN(logits[i]))
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -logits[i]))
          .limit(k)
          .forEach(i -> mask[i] = true);
      return mask;
    };
  }

  /** Every patch. */
  static ReferenceSelection all() {
    return (scale, logits) -> {
      boolean[] mask = new boolean[logits.length];
      Arrays.fill(mask, true);
      return mask;
    };
  }

  /** No patch. */
  static ReferenceSelection none() {
    return (scale, logits) -> new boolean[logits.length];
  }

  /**
   * The given masks of scales 1, 2, and so on, whatever the logits; they may even select children
   * of discarded patches.
   */
  static ReferenceSelection masks(boolean[]... ofFinerScales) {
    return (scale, logits) -> {
      boolean[] mask = ofFinerScales[scale - 1];
      if (mask.length != logits.length) {
        throw new IllegalArgumentException(
            "the mask of scale %d has %d patches, the scale has %d"
                .formatted(scale, mask.length, logits.length));
      }
      return mask.clone();
    };
  }
}
