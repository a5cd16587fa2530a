package org.scanformer.reference;

import java.util.Arrays;

/**
 * What a run gives for one scale.
 *
 * @param rows rows of the grid of patches
 * @param cols columns of the grid of patches
 * @param mask [rows * cols], row-major: the selected patches
 * @param logits [rows * cols][4]: each selected patch's selection logits for its children (2i, 2j),
 *     (2i, 2j+1), (2i+1, 2j), (2i+1, 2j+1); NaN for discarded patches and all of the last scale
 * @param box (cx, cy, w, h), relative to the image
 * @param score of the box, see docs/MODEL.md; NaN without a score head
 * @param r [hidden_size]: the last LayerNorm of [REG]
 * @param patchBoxes [selected][4]: the same head's boxes of the selected patches' tokens, in
 *     row-major order; null without a candidate head
 * @param patchScores [selected]: the candidate head's scores of these tokens; null without it
 */
public record ReferenceScale(
    int rows,
    int cols,
    boolean[] mask,
    double[][] logits,
    double[] box,
    double score,
    double[] r,
    double[][] patchBoxes,
    double[] patchScores) {

  /** The number of selected patches. */
  public int selected() {
    int count = 0;
    for (boolean patch : mask) {
      count += patch ? 1 : 0;
    }
    return count;
  }

  /** The largest magnitude in r, by which differences of r are judged. */
  public double largestR() {
    return Arrays.stream(r).map(Math::abs).max().orElseThrow();
  }
}
