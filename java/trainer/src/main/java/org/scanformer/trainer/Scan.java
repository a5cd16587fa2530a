package org.scanformer.trainer;

import org.bytedeco.pytorch.Tensor;

/** The results of a scan of a batch, for its losses. B pairs, S scales, n patches at a scale. */
final class Scan {
  /**
   * One scale, with m selected patches in all pairs together.
   *
   * @param selected 1 for selected patches, B · n of them, row-major
   * @param patches each selected patch's place among the B · n, m of them
   * @param middle their tokens after Encoder1, [m, C]
   * @param children each child's place among the next scale's B · 4 n patches, four after each
   *     other for a patch, 4 m of them; null for the last scale
   * @param childLogits the children's selection logits, [4 m]; null for the last scale
   */
  record Scale(float[] selected, int[] patches, Tensor middle, int[] children, Tensor childLogits) {
    /** The selected share of all patches. */
    double selectedShare() {
      double sum = 0;
      for (float one : selected) {
        sum += one;
      }
      return sum / selected.length;
    }
  }

  final Scale[] scales;

  /** Selected patches' tokens of each scale after the last layer and its norm, [m, C] each. */
  final Tensor[] patches;

  /** [REG] of each scale after the last layer and its norm, [B, S, C]. */
  final Tensor reg;

  /** Boxes (cx, cy, w, h) of each scale, [B, S, 4]. */
  final Tensor boxes;

  /** Tokens of all pairs together, of the text and then of each scale, [S + 1]. */
  final int[] tokens;

  Scan(Scale[] scales, Tensor[] patches, Tensor reg, Tensor boxes, int[] tokens) {
    this.scales = scales;
    this.tokens = tokens;
    this.patches = patches;
    this.reg = reg;
    this.boxes = boxes;
  }
}
