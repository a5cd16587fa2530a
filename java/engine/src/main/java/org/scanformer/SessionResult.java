package org.scanformer;

import java.util.Arrays;

/**
 * A result that a {@link Session} fills, to be used again and again so that a call allocates
 * nothing. Made by {@link Session#newResult()}. Not safe for use by several threads.
 */
public final class SessionResult {
  final float[][] boxes;
  final float[] scores;
  final boolean[] hasBox;
  final int[] selected;
  final int[] rows;
  final int[] cols;
  final byte[][] masks;
  final long[] nanos;
  long totalNanos;
  int completedScales;
  boolean deadlineMet;
  int imageWidth;
  int imageHeight;

  SessionResult(int scales, int[] maxPatches) {
    boxes = new float[scales][4];
    scores = new float[scales];
    hasBox = new boolean[scales];
    selected = new int[scales];
    rows = new int[scales];
    cols = new int[scales];
    masks = new byte[scales][];
    for (int s = 0; s < scales; s++) {
      masks[s] = new byte[maxPatches[s]];
    }
    nanos = new long[scales];
  }

  /** Scales that were looked at; 0 before the first call. The last of them has a box. */
  public int completedScales() {
    return completedScales;
  }

  /** Whether the call returned before its deadline; true where there was none. */
  public boolean deadlineMet() {
    return deadlineMet;
  }

  /** The last completed scale's box, relative to the image. Allocates. */
  public NormalizedBox normalizedBox() {
    return normalizedBox(last());
  }

  /** A completed scale's box, relative to the image; null where it has none. Allocates. */
  public NormalizedBox normalizedBox(int scale) {
    requireCompleted(scale);
    float[] b = boxes[scale];
    return hasBox[scale] ? new NormalizedBox(b[0], b[1], b[2], b[3]) : null;
  }

  /** The left edge of the last completed scale's box, in pixels of the image. */
  public double x() {
    float[] box = boxes[last()];
    return (box[0] - 0.5 * box[2]) * imageWidth;
  }

  /** Its upper edge. */
  public double y() {
    float[] box = boxes[last()];
    return (box[1] - 0.5 * box[3]) * imageHeight;
  }

  /** Its extent to the right. */
  public double width() {
    return (double) boxes[last()][2] * imageWidth;
  }

  /** Its extent downwards. */
  public double height() {
    return (double) boxes[last()][3] * imageHeight;
  }

  /** The predicted IoU of that box, 0 to 1; NaN where the model has no score head. */
  public float score() {
    return scores[last()];
  }

  /** Whether a completed scale has a box; see {@link Schedule}. */
  public boolean hasBox(int scale) {
    requireCompleted(scale);
    return hasBox[scale];
  }

  /** The predicted IoU of a completed scale's box; NaN where it has none. */
  public float score(int scale) {
    requireCompleted(scale);
    return hasBox[scale] ? scores[scale] : Float.NaN;
  }

  /** Patches that were looked at in a completed scale. */
  public int selected(int scale) {
    requireCompleted(scale);
    return selected[scale];
  }

  /** The patches that were looked at in a completed scale. Allocates. */
  public PatchMask mask(int scale) {
    requireCompleted(scale);
    return PatchMask.of(
        rows[scale], cols[scale], Arrays.copyOf(masks[scale], rows[scale] * cols[scale]));
  }

  /** Nanoseconds spent on a completed scale. */
  public long nanos(int scale) {
    requireCompleted(scale);
    return nanos[scale];
  }

  /** Nanoseconds from the start of the call's work to its answer. */
  public long totalNanos() {
    return totalNanos;
  }

  private int last() {
    if (completedScales == 0) {
      throw new IllegalStateException("No call has filled this result yet");
    }
    return completedScales - 1;
  }

  private void requireCompleted(int scale) {
    if (scale < 0 || scale >= completedScales) {
      throw new IndexOutOfBoundsException(
          "Scale " + scale + " of a result of " + completedScales + " completed scales");
    }
  }
}
