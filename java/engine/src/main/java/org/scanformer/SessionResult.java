package org.scanformer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scanformer.internal.engine.FrameResult;

/**
 * A result that a {@link Session} fills, to be used again and again so that a call allocates
 * nothing. Made by {@link Session#newResult()}. Not safe for use by several threads.
 */
public final class SessionResult {
  final FrameResult frame;

  SessionResult(FrameResult frame) {
    this.frame = frame;
  }

  /** Scales that were run; 0 before the first call. The last of them has a box. */
  public int completedScales() {
    return frame.completedScales;
  }

  /** Whether the call returned before its deadline; true where there was none. */
  public boolean deadlineMet() {
    return frame.deadlineMet;
  }

  /** The last completed scale's box, relative to the image. Allocates. */
  public NormalizedBox normalizedBox() {
    return normalizedBox(last());
  }

  /** A completed scale's box, relative to the image; null where it has none. Allocates. */
  public NormalizedBox normalizedBox(int scale) {
    requireCompleted(scale);
    float[] b = frame.boxes[scale];
    return frame.hasBox[scale] ? new NormalizedBox(b[0], b[1], b[2], b[3]) : null;
  }

  /** The left edge of the last completed scale's box, in pixels of the image. */
  public double x() {
    float[] box = frame.boxes[last()];
    return (box[0] - 0.5 * box[2]) * frame.imageWidth;
  }

  /** Its upper edge. */
  public double y() {
    float[] box = frame.boxes[last()];
    return (box[1] - 0.5 * box[3]) * frame.imageHeight;
  }

  /** Its extent to the right. */
  public double width() {
    return (double) frame.boxes[last()][2] * frame.imageWidth;
  }

  /** Its extent downwards. */
  public double height() {
    return (double) frame.boxes[last()][3] * frame.imageHeight;
  }

  /**
   * Whether the object is taken to be there: the score of the last completed scale's box reaches
   * the call's {@linkplain LocateOptions#foundThreshold() threshold} or else the model's. A model
   * without either always finds something. The box is given in any case.
   */
  public boolean found() {
    return frame.found[last()];
  }

  /** The same for the box of a completed scale; false where it has none. */
  public boolean found(int scale) {
    requireCompleted(scale);
    return frame.found[scale];
  }

  /**
   * The candidates of the last call, as {@link Location#candidates()}, if its {@linkplain
   * LocateOptions#candidates() options} asked for them. Allocates.
   *
   * @throws IllegalStateException in a listener: they are known when the call has ended
   */
  public List<Candidate> candidates() {
    last();
    requireEnded("candidates");
    List<Candidate> candidates = new ArrayList<>(frame.candidates);
    float[] b = frame.candidateBoxes;
    for (int i = 0; i < frame.candidates; i++) {
      NormalizedBox box = new NormalizedBox(b[4 * i], b[4 * i + 1], b[4 * i + 2], b[4 * i + 3]);
      candidates.add(
          new Candidate(
              box.toPixels(frame.imageWidth, frame.imageHeight), box, frame.candidateScores[i]));
    }
    return candidates;
  }

  /** As {@link Expression#unknownWords()}, of the last call's expression. */
  public List<UnknownWord> unknownWords() {
    last();
    return frame.words.unknownWords();
  }

  /** As {@link Expression#truncated()}, of the last call's expression. */
  public boolean truncated() {
    last();
    return frame.words.truncated();
  }

  /** The score of that box, as {@link Location#score()}. */
  public float score() {
    return frame.scores[last()];
  }

  /** Whether a completed scale has a box; see {@link Schedule}. */
  public boolean hasBox(int scale) {
    requireCompleted(scale);
    return frame.hasBox[scale];
  }

  /** The score of a completed scale's box; NaN where it has none. */
  public float score(int scale) {
    requireCompleted(scale);
    return frame.hasBox[scale] ? frame.scores[scale] : Float.NaN;
  }

  /** Number of selected patches of a completed scale. */
  public int selected(int scale) {
    requireCompleted(scale);
    return frame.selected[scale];
  }

  /**
   * The selected patches of a completed scale. Allocates.
   *
   * @throws IllegalStateException in a listener: a device's masks come when the call has ended
   */
  public PatchMask mask(int scale) {
    requireCompleted(scale);
    requireEnded("masks");
    return PatchMask.of(
        frame.rows[scale],
        frame.cols[scale],
        Arrays.copyOf(frame.masks[scale], frame.rows[scale] * frame.cols[scale]));
  }

  /** Nanoseconds spent on a completed scale. */
  public long nanos(int scale) {
    requireCompleted(scale);
    return frame.nanos[scale];
  }

  /** Nanoseconds from the start of the call's work to its answer. */
  public long totalNanos() {
    return frame.totalNanos;
  }

  @Override
  public String toString() {
    if (frame.completedScales == 0) {
      return "no answer yet";
    }
    return (found() ? "found" : "not found")
        + ", score "
        + score()
        + ", "
        + new Box(x(), y(), width(), height())
        + ", "
        + frame.completedScales
        + " scales";
  }

  private int last() {
    if (frame.completedScales == 0) {
      throw new IllegalStateException("No call has filled this result yet");
    }
    return frame.completedScales - 1;
  }

  private void requireEnded(String what) {
    if (!frame.ended) {
      throw new IllegalStateException(
          "The call has not ended: a result's " + what + " are not there in a listener");
    }
  }

  private void requireCompleted(int scale) {
    if (scale < 0 || scale >= frame.completedScales) {
      throw new IndexOutOfBoundsException(
          "Scale " + scale + " of a result of " + frame.completedScales + " completed scales");
    }
  }
}
