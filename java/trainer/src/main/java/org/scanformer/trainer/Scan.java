package org.scanformer.trainer;

import org.bytedeco.pytorch.Tensor;

/** The results of a scan of a batch, for its losses. B pairs, S scales. */
final class Scan {
  /**
   * One scale.
   *
   * @param selected 1 for selected patches, [B, n]
   * @param index the row-major place of each patch token, [B, m]; a pair's last selected patch is
   *     followed by discarded ones, which no token sees
   * @param present 1 for tokens of selected patches, [B, m]
   * @param middle patch tokens after Encoder1, [B, m, C]
   * @param childLogits selection logits of the next scale's patches, [B, 4 n]; null for the last
   * @param openChildren 1 for children of selected patches, [B, 4 n]; null for the last scale
   */
  record Scale(
      Tensor selected,
      Tensor index,
      Tensor present,
      Tensor middle,
      Tensor childLogits,
      Tensor openChildren) {}

  final Scale[] scales;

  /** Patch tokens of each scale after the last layer and its norm, [B, m, C] each. */
  final Tensor[] patches;

  /** [REG] of each scale after the last layer and its norm, [B, S, C]. */
  final Tensor reg;

  /** Boxes (cx, cy, w, h) of each scale, [B, S, 4]. */
  final Tensor boxes;

  Scan(Scale[] scales, Tensor[] patches, Tensor reg, Tensor boxes) {
    this.scales = scales;
    this.patches = patches;
    this.reg = reg;
    this.boxes = boxes;
  }
}
