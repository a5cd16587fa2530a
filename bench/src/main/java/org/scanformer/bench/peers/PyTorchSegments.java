package org.scanformer.bench.peers;

/**
 * The segments of a request: segment 0 is the text, segment s + 1 is scale s.
 *
 * @param lengths tokens of each
 * @param discarded patches that the last token of each stands for
 */
record PyTorchSegments(int[] lengths, int[] discarded) {
  /** Tokens of a request in the segments from first to end (exclusive). */
  int tokens(int first, int end) {
    int sum = 0;
    for (int i = first; i < end; i++) {
      sum += lengths[i];
    }
    return sum;
  }
}
