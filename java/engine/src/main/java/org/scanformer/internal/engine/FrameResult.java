package org.scanformer.internal.engine;

import org.scanformer.internal.model.TokenizedText;

/**
 * What one frame's run found, in arrays that are filled again and again so that a call allocates
 * nothing. Not safe for use by several threads.
 */
public final class FrameResult {
  /** Centre and size relative to the image, [scales, 4]. */
  public final float[][] boxes;

  /** The score of each scale's box; NaN without a score head. */
  public final float[] scores;

  /** Which scales have boxes. */
  public final boolean[] hasBox;

  /** Which scales have a box of an object that is there. */
  public final boolean[] found;

  /** Selected patches of each scale. */
  public final int[] selected;

  /** Patches down in each scale's grid. */
  public final int[] rows;

  /** Patches across. */
  public final int[] cols;

  /** One byte a patch, 1 for each that was selected: [scales, patches of the largest grid]. */
  public final byte[][] masks;

  /** The number of candidates; 0 until the run has ended. */
  public int candidates;

  /** Their scores, and their centres and sizes relative to the image, [*, 4]. */
  public float[] candidateScores = {};

  public float[] candidateBoxes = {};

  /** Nanoseconds of each scale. */
  public final long[] nanos;

  /** Nanoseconds of all. */
  public long totalNanos;

  /** Scales that were run; 0 before the first. */
  public int completedScales;

  /** Whether the run has ended, from when on masks and candidates are there. */
  public boolean ended;

  /** Whether the run ended before its deadline. */
  public boolean deadlineMet;

  /** What the model reads of the expression; null before the first run. */
  public TokenizedText words;

  /** Size of the image in pixels. */
  public int imageWidth;

  public int imageHeight;

  /** A result with room for that many patches of each scale. */
  public FrameResult(int[] maxPatches) {
    int scales = maxPatches.length;
    boxes = new float[scales][4];
    scores = new float[scales];
    hasBox = new boolean[scales];
    found = new boolean[scales];
    selected = new int[scales];
    rows = new int[scales];
    cols = new int[scales];
    masks = new byte[scales][];
    for (int s = 0; s < scales; s++) {
      masks[s] = new byte[maxPatches[s]];
    }
    nanos = new long[scales];
  }

  /** Whether it was made for that many patches of each scale. */
  boolean fits(int[] maxPatches) {
    boolean fits = masks.length == maxPatches.length;
    for (int s = 0; fits && s < masks.length; s++) {
      fits = masks[s].length == maxPatches[s];
    }
    return fits;
  }

  /** Removes what an earlier run found, for a run on an image of that size. */
  void begin(int width, int height, TokenizedText read) {
    discard();
    words = read;
    imageWidth = width;
    imageHeight = height;
  }

  /** Removes what a run has found; the boxes of one that failed would have the masks of another. */
  public void discard() {
    ended = false;
    completedScales = 0;
    candidates = 0;
    totalNanos = 0;
  }

  /**
   * Reads all but the masks and candidates, of one of a context's requests.
   *
   * @param absenceBounds the scores below which the object is not there, by scale; NaN for none
   */
  void read(ExecutionContext context, int request, float[] absenceBounds) {
    RunResult run = context.result();
    completedScales = run.completedScales;
    deadlineMet = run.deadlineMet;
    totalNanos = run.totalNanos;
    for (int s = 0; s < completedScales; s++) {
      System.arraycopy(run.boxes[s], 4 * request, boxes[s], 0, 4);
      hasBox[s] = run.hasBox[s];
      scores[s] = run.scores[s][request];
      found[s] = context.isFound(s, request) && !(scores[s] < absenceBounds[s]);
      selected[s] = run.selected[s][request];
      rows[s] = context.gridRows(s, request);
      cols[s] = context.gridCols(s, request);
      nanos[s] = run.scaleNanos[s];
    }
  }

  /** Reads the masks and the candidates, which a context has after its run. */
  void complete(ExecutionContext context, int request) {
    for (int s = 0; s < completedScales; s++) {
      context.readMask(s, request, masks[s]);
    }
    readCandidates(context, request);
    ended = true;
  }

  private void readCandidates(ExecutionContext context, int request) {
    Candidates found = context.result().candidates;
    candidates = found.count(request);
    if (candidateScores.length < candidates) {
      candidateScores = new float[candidates];
      candidateBoxes = new float[4 * candidates];
    }
    for (int i = 0; i < candidates; i++) {
      candidateScores[i] = found.score(request, i);
      found.copyBox(request, i, candidateBoxes, 4 * i);
    }
  }
}
