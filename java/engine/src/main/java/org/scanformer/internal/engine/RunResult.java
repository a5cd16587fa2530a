package org.scanformer.internal.engine;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Table;

/**
 * What a run found, by scale and request. Reused from call to call; not safe for several threads.
 */
public final class RunResult {
  /** Centre and size relative to the image, [scales, 4 maxBatch]. */
  public final float[][] boxes;

  /** The score of each box, [scales, maxBatch]; NaN without a score head. */
  public final float[][] scores;

  /** Which scales have boxes. */
  public final boolean[] hasBox;

  /** Selected patches, [scales, maxBatch]. */
  public final int[][] selected;

  /** The candidates of the last scale, where they were asked for. */
  public final Candidates candidates;

  /** Nanoseconds of each scale, of the pyramids, of the pass over all tokens, and of all. */
  public final long[] scaleNanos;

  public long pyramidNanos;
  public long finalNanos;
  public long totalNanos;

  /** Scales that were run; the last of them has a box. */
  public int completedScales;

  /** Whether it ended before its deadline. */
  public boolean deadlineMet;

  RunResult(int scales, int maxBatch) {
    boxes = new float[scales][4 * maxBatch];
    scores = new float[scales][maxBatch];
    hasBox = new boolean[scales];
    selected = new int[scales][maxBatch];
    candidates = new Candidates(maxBatch);
    scaleNanos = new long[scales];
  }

  void clear() {
    for (int s = 0; s < hasBox.length; s++) {
      hasBox[s] = false;
      scaleNanos[s] = 0;
    }
    candidates.clear();
    pyramidNanos = 0;
    finalNanos = 0;
    totalNanos = 0;
    completedScales = 0;
    deadlineMet = true;
  }

  /**
   * Reads a scale's boxes and scores.
   *
   * @param boxTable fp32 [requests, 4]
   * @param scoreTable fp32 [requests], or null without a score head
   * @throws ScanFormerException BAD_MODEL when a box or a score is not finite
   */
  void read(int scale, int requests, Table boxTable, Table scoreTable) {
    for (int i = 0; i < 4 * requests; i++) {
      boxes[scale][i] = finite("box", boxTable.host().getFloat(i * Float.BYTES));
    }
    for (int r = 0; r < requests; r++) {
      scores[scale][r] =
          scoreTable == null
              ? Float.NaN
              : finite("score", scoreTable.host().getFloat(r * Float.BYTES));
    }
    hasBox[scale] = true;
  }

  /** A value of a head, which must be finite. */
  static float finite(String head, float value) {
    if (!Float.isFinite(value)) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "The "
              + head
              + " head gave "
              + value
              + ", expected a finite number: the model's weights overflow on this input");
    }
    return value;
  }

  /** The last completed scale. */
  int last() {
    return completedScales - 1;
  }

  /** Whether every request is done at a scale; comparisons with NaN say no. */
  boolean isDone(int scale, int requests, RunOptions options) {
    for (int r = 0; r < requests; r++) {
      float score = scores[scale][r];
      boolean done =
          score > options.stopAtScore
              || score < options.stopBelowScore
              || scale > 0
                  && BoxOverlap.iou(boxes[scale], 4 * r, boxes[scale - 1], 4 * r)
                      > options.stopAtAgreement;
      if (!done) {
        return false;
      }
    }
    return true;
  }
}
