package org.scanformer.video;

/**
 * Makes times since a source's first frame from the times that its streams give: they never go back
 * and go on when the source is opened again. Used by one thread.
 */
final class FrameTimes {
  /** A stream's time of a frame that has none. */
  static final long UNKNOWN = Long.MIN_VALUE;

  /** Times that are further back begin anew: streams were joined, or a time was damaged. */
  private static final long FURTHEST_BACK = 1_000_000_000;

  /** Where times may jump, those that are further ahead begin anew. */
  private static final long FURTHEST_AHEAD = 10_000_000_000L;

  private long last = -1;

  /** What is added to the stream's times. */
  private long shift;

  private boolean shiftKnown;

  /** A stream begins, whose first frame follows the last one of the stream before. */
  void begin() {
    shiftKnown = false;
  }

  /**
   * The time of the next frame.
   *
   * @param own the stream's time, in nanoseconds, or {@link #UNKNOWN}
   * @param frameNanos how long a frame lasts
   * @param mayJump whether the format allows that times jump, as that of transport streams
   */
  long next(long own, long frameNanos, boolean mayJump) {
    long following = last < 0 ? 0 : last + frameNanos;
    if (own == UNKNOWN) {
      last = following;
      return last;
    }
    if (!shiftKnown
        || own + shift < last - FURTHEST_BACK
        || mayJump && own + shift > following + FURTHEST_AHEAD) {
      shift = following - own;
      shiftKnown = true;
    }
    last = Math.max(last, own + shift);
    return last;
  }
}
