package org.scanformer.internal.engine;

import org.scanformer.Schedule;

/**
 * What a run is to do, and when it may stop. Reused from call to call; not safe for several
 * threads.
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

  /** At most so many patches of a finer scale. */
  public int maxPatches;

  /** Stop when every request's score is over this; NaN for never. */
  public float stopAtScore;

  /** Stop when every request's last two boxes overlap by more than this IoU; NaN for never. */
  public float stopAtAgreement;

  /** Sees the boxes on their way, or null. */
  public BoxListener listener;

  Trace trace;

  /** All scales, whatever they take. */
  public RunOptions() {
    reset(Schedule.FINAL_ONLY);
  }

  /** All scales, whatever they take. */
  public RunOptions reset(Schedule order) {
    schedule = order;
    deadline = NONE;
    maxPatches = Integer.MAX_VALUE;
    stopAtScore = Float.NaN;
    stopAtAgreement = Float.NaN;
    listener = null;
    trace = null;
    return this;
  }
}
