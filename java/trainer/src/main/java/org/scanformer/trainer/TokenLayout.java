package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;

/**
 * Where the tokens of a batch lie: as rows of a matrix, segment after segment and pair after pair,
 * without padding between them. A segment ends with a few rows that nothing reads, so that batches
 * have few different shapes: the libraries prepare kernels for each. The text is segment 0, scale s
 * is segment s + 1. Not thread-safe.
 */
final class TokenLayout {
  private static final int ROWS = 32;

  private final int pairs;
  private final List<int[]> begins = new ArrayList<>();
  private final List<double[]> lastCounts = new ArrayList<>();
  private int rows;

  /** A layout without segments. */
  TokenLayout(int pairs) {
    this.pairs = pairs;
  }

  /**
   * Appends a segment.
   *
   * @param tokens of each pair, at least one
   * @param lastCount how many equal tokens the last token of each pair stands for
   */
  void add(int[] tokens, double[] lastCount) {
    int[] begin = new int[pairs + 1];
    for (int i = 0; i < pairs; i++) {
      begin[i] = rows;
      rows += tokens[i];
    }
    begin[pairs] = rows;
    rows = (rows + ROWS - 1) / ROWS * ROWS;
    begins.add(begin);
    lastCounts.add(lastCount.clone());
  }

  int pairs() {
    return pairs;
  }

  int segments() {
    return begins.size();
  }

  /** Rows of all segments. */
  int rows() {
    return rows;
  }

  /** Rows of the last segment. */
  int lastRows() {
    return rows - begin(segments() - 1, 0);
  }

  /** The first row of a pair's tokens; the end of the last pair's for the pair after it. */
  int begin(int segment, int pair) {
    return begins.get(segment)[pair];
  }

  /** Number of a pair's tokens. */
  int tokens(int segment, int pair) {
    return begin(segment, pair + 1) - begin(segment, pair);
  }

  /** Number of a segment's tokens, of all pairs. */
  int tokens(int segment) {
    return begin(segment, pairs) - begin(segment, 0);
  }

  /** How many equal tokens the last token of a pair stands for. */
  double lastCount(int segment, int pair) {
    return lastCounts.get(segment)[pair];
  }
}
