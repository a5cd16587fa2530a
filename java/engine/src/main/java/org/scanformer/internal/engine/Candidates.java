package org.scanformer.internal.engine;

import java.util.Arrays;
import org.scanformer.internal.backend.Table;

/**
 * The candidates of each request of a run: of its last scale's patches those of the best scores
 * whose boxes do not overlap by much. Its own memory is taken by the first runs that ask for
 * candidates, and used again. Not safe for use by several threads.
 */
public final class Candidates {
  /** Boxes with at least this IoU are of one object. */
  static final float SAME_OBJECT = 0.5f;

  private static final int BOX = 4;

  private final int[][] chosen;
  private final int[] counts;

  /** Of all requests' patches, one after another: [patches, 4] and [patches]. */
  private float[] boxes = {};

  private float[] scores = {};
  private boolean[] isLeft = {};

  Candidates(int maxBatch) {
    chosen = new int[maxBatch][0];
    counts = new int[maxBatch];
  }

  /** Removes those of an earlier run. */
  void clear() {
    Arrays.fill(counts, 0);
  }

  /** The number of a request's candidates. */
  public int count(int request) {
    return counts[request];
  }

  /** The score of a request's candidate; 0 is the best. */
  public float score(int request, int index) {
    return scores[chosen[request][index]];
  }

  /** Copies its box, centre and size relative to the image. */
  public void copyBox(int request, int index, float[] to, int at) {
    System.arraycopy(boxes, BOX * chosen[request][index], to, at, BOX);
  }

  /**
   * Reads what the heads gave for the patches.
   *
   * @param boxTable fp32 [patches, 4]
   * @param scoreTable fp32 [patches]
   * @throws org.scanformer.ScanFormerException BAD_MODEL when a value is not finite
   */
  void read(Table boxTable, Table scoreTable, int patches) {
    if (scores.length < patches) {
      scores = new float[Math.toIntExact(scoreTable.bytes() / Float.BYTES)];
      boxes = new float[BOX * scores.length];
      isLeft = new boolean[scores.length];
    }
    for (int i = 0; i < BOX * patches; i++) {
      boxes[i] = RunResult.finite("box", boxTable.host().getFloat(i * Float.BYTES));
    }
    for (int i = 0; i < patches; i++) {
      scores[i] = RunResult.finite("candidate", scoreTable.host().getFloat(i * Float.BYTES));
    }
  }

  /**
   * Chooses a request's candidates: again and again the patch of the best score, without those
   * whose boxes are of an object that was chosen. Of equal scores the first is the best.
   *
   * @param begin its first patch
   * @param end one after its last
   * @param most how many to choose
   */
  void choose(int request, int begin, int end, int most) {
    int room = Math.min(most, end - begin);
    if (chosen[request].length < room) {
      chosen[request] = new int[room];
    }
    Arrays.fill(isLeft, begin, end, true);
    int count = 0;
    for (int best = best(begin, end); best >= 0 && count < room; best = best(begin, end)) {
      chosen[request][count] = best;
      count++;
      for (int i = begin; i < end; i++) {
        isLeft[i] &= i != best && BoxOverlap.iou(boxes, BOX * i, boxes, BOX * best) < SAME_OBJECT;
      }
    }
    counts[request] = count;
  }

  private int best(int begin, int end) {
    int best = -1;
    for (int i = begin; i < end; i++) {
      if (isLeft[i] && (best < 0 || scores[i] > scores[best])) {
        best = i;
      }
    }
    return best;
  }
}
