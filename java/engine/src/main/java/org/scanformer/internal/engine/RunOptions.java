package org.scanformer.internal.engine;

import org.scanformer.Schedule;

/**
 * What a run does, and when it may stop. Reused from call to call; not safe for several threads.
 */
public final class RunOptions {
  /** Sees the result so far whenever a scale has a box. */
  public interface BoxListener {
    /** A scale's box is in the result. */
    void onBox(int scale);
  }

  /** No deadline. */
  public static final long NONE = Long.MAX_VALUE;

  /** The order of the scales. */
  public Schedule schedule;

  /** By the loop's clock, nanoseconds; NONE for none. */
  public long deadline;

  /** The most patches of a finer scale. */
  public int maxPatches;

  /**
   * A request whose score is greater than this is done; NaN for none. The run stops when all its
   * requests are done, by this or by the next two.
   */
  public float stopAtScore;

  /** A request whose score is less than this, at the scale that was run, is done; NaN for none. */
  float stopBelowScore;

  /** The same for each scale; null for none. */
  public float[] stopBelowScores;

  /** A request whose last two boxes overlap by more than this IoU is done; NaN for none. */
  public float stopAtAgreement;

  /** Sees the boxes as soon as they are known, or null. */
  public BoxListener listener;

  /** Whether a request asks for candidates. */
  boolean withCandidates;

  Trace trace;

  /** All scales without a deadline. */
  public RunOptions() {
    reset(Schedule.FINAL_ONLY);
  }

  /** Sets everything back to all scales without a deadline, under a schedule. */
  public RunOptions reset(Schedule order) {
    schedule = order;
    deadline = NONE;
    maxPatches = Integer.MAX_VALUE;
    stopAtScore = Float.NaN;
    stopBelowScore = Float.NaN;
    stopBelowScores = null;
    stopAtAgreement = Float.NaN;
    listener = null;
    withCandidates = false;
    trace = null;
    return this;
  }

  /** Sets the deadline to so many nanoseconds after a start, where that is earlier. */
  void limit(long start, long budgetNanos) {
    if (budgetNanos != NONE && (deadline == NONE || deadline - start > budgetNanos)) {
      deadline = start + budgetNanos;
    }
  }

  /** Takes the bound of a scale that was run. */
  void atScale(int scale) {
    stopBelowScore = stopBelowScores == null ? Float.NaN : stopBelowScores[scale];
  }
}
