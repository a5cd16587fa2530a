package org.scanformer;

import java.time.Duration;
import java.util.Objects;

/**
 * What one call of a {@link Session} does and when it may stop early. Immutable, so it is
 * thread-safe. Made by {@link #builder()} and meant to be kept: a call with the same options object
 * as before allocates nothing.
 *
 * <p>Stopping at a score, at an agreement or at an absent object goes beyond the paper (Su, Miao,
 * Dou, Li, CVPR 2024), which shows boxes of all scales and leaves the criterion open.
 */
public final class LocateOptions {
  /** What a long of nanoseconds holds. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private final Schedule schedule;
  private final SelectionPolicy selection;
  private final long budgetNanos;
  private final int maxPatches;
  private final float stopAtScore;
  private final float stopAtAgreement;
  private final float stopWhenAbsent;
  private final float foundThreshold;
  private final int candidates;
  private final BoxListener listener;

  private LocateOptions(Builder builder) {
    schedule = builder.schedule;
    selection = builder.selection;
    budgetNanos = builder.budgetNanos;
    maxPatches = builder.maxPatches;
    stopAtScore = builder.stopAtScore;
    stopAtAgreement = builder.stopAtAgreement;
    stopWhenAbsent = builder.stopWhenAbsent;
    foundThreshold = builder.foundThreshold;
    candidates = builder.candidates;
    listener = builder.listener;
  }

  /** The defaults. */
  public static LocateOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The schedule. Default {@link Schedule#PER_SCALE}, under which every scale has a box; under
   * {@link Schedule#FINAL_ONLY} a call costs less, and has only the box of its last scale.
   */
  public Schedule schedule() {
    return schedule;
  }

  /** Which patches are selected. Default {@link SelectionPolicy#checkpoint()}. */
  public SelectionPolicy selection() {
    return selection;
  }

  /**
   * The nanoseconds from the start of a call in which it should return; {@link Long#MAX_VALUE}, the
   * default, for any time. Before each scale but the first the session compares what is left with
   * what that scale took before, with a margin for its spread, and returns the best box so far when
   * it does not fit.
   */
  public long budgetNanos() {
    return budgetNanos;
  }

  /**
   * The most patches that are selected in a finer scale, those of the highest logits. This bounds
   * the time of a call. Default: all. The masks of {@link SelectionPolicy#masks} are not bounded.
   */
  public int maxPatches() {
    return maxPatches;
  }

  /**
   * A box whose score is greater than this is good enough; NaN, the default, for none. A model
   * without a score head refuses it with BAD_INPUT.
   */
  public float stopAtScore() {
    return stopAtScore;
  }

  /**
   * Two scales' boxes whose IoU is greater than this are good enough; NaN, the default, for none.
   */
  public float stopAtAgreement() {
    return stopAtAgreement;
  }

  /**
   * A call stops at a scale that says with more than this probability that the object is absent;
   * NaN, the default, for never. The finer scales are saved, and the result is not {@link
   * SessionResult#found()}. It takes a model that was trained with absent objects; one without a
   * score head refuses it with BAD_INPUT.
   *
   * <p>The score of a box is no measure of absence: it is low too where an object is there and its
   * box is coarse, as the first scales' boxes are. So the probability is computed from the model's
   * {@code absence_calibration}, which the trainer fits for each scale. Of a model without it, a
   * call stops when the score is less than 1 minus this value: it then also stops at objects that
   * are there but coarsely boxed, and more often than the value says.
   */
  public float stopWhenAbsent() {
    return stopWhenAbsent;
  }

  /**
   * The least score of a box that is {@link SessionResult#found()}; NaN, the default, for the
   * model's own threshold. A model without a score head refuses it with BAD_INPUT.
   */
  public float foundThreshold() {
    return foundThreshold;
  }

  /**
   * The most {@link SessionResult#candidates()} of a call. Default 0. More than that costs no
   * further pass: all patch tokens of a scale go through the last layer, where otherwise only its
   * [REG] token does, and at the end through the heads. {@link Session#warmUp()} leaves this out:
   * the first such call takes longer. A model without the tensor {@code candidate_head.weight}
   * refuses it with BAD_INPUT.
   */
  public int candidates() {
    return candidates;
  }

  /** What sees each box as soon as it is known; null, the default, for none. */
  public BoxListener listener() {
    return listener;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("schedule " + schedule + ", selection " + selection);
    if (budgetNanos != Long.MAX_VALUE) {
      text.append(", budget ").append(Duration.ofNanos(budgetNanos));
    }
    if (maxPatches != Integer.MAX_VALUE) {
      text.append(", maxPatches ").append(maxPatches);
    }
    appendShare(text, "stopAtScore", stopAtScore);
    appendShare(text, "stopAtAgreement", stopAtAgreement);
    appendShare(text, "stopWhenAbsent", stopWhenAbsent);
    appendShare(text, "foundThreshold", foundThreshold);
    if (candidates > 0) {
      text.append(", candidates ").append(candidates);
    }
    return text.append(listener == null ? "" : ", with a listener").toString();
  }

  private static void appendShare(StringBuilder text, String name, float value) {
    if (!Float.isNaN(value)) {
      text.append(", ").append(name).append(' ').append(value);
    }
  }

  /** Sees the boxes of a call as soon as they are known. */
  @FunctionalInterface
  public interface BoxListener {
    /**
     * A scale has a box. Called by the thread that called the session, within that call, so its
     * time counts as the call's. An exception that it throws ends the call. It may not call the
     * session's model, nor any session of it, nor close them: each is an {@link
     * IllegalStateException}. It may close expressions: those in use are freed after the call.
     *
     * @param soFar the call's own result, of {@link SessionResult#completedScales()} scales; it has
     *     neither masks nor candidates yet
     */
    void onBox(SessionResult soFar);
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private Schedule schedule = Schedule.PER_SCALE;
    private SelectionPolicy selection = SelectionPolicy.checkpoint();
    private long budgetNanos = Long.MAX_VALUE;
    private int maxPatches = Integer.MAX_VALUE;
    private float stopAtScore = Float.NaN;
    private float stopAtAgreement = Float.NaN;
    private float stopWhenAbsent = Float.NaN;
    private float foundThreshold = Float.NaN;
    private int candidates;
    private BoxListener listener;

    private Builder() {}

    /** See {@link LocateOptions#schedule()}. */
    public Builder schedule(Schedule value) {
      schedule = Objects.requireNonNull(value, "schedule");
      return this;
    }

    /** See {@link LocateOptions#selection()}. */
    public Builder selection(SelectionPolicy value) {
      selection = Objects.requireNonNull(value, "selection");
      return this;
    }

    /** See {@link LocateOptions#budgetNanos()}. */
    public Builder budget(Duration value) {
      if (value.isNegative()) {
        throw badInput("budget must be 0 or more, found " + value);
      }
      if (value.compareTo(LONGEST) > 0) {
        throw badInput(
            "budget must be at most 292 years, "
                + LONGEST
                + ", and is unlimited when it is not set, found "
                + value);
      }
      budgetNanos = value.toNanos();
      return this;
    }

    /** See {@link LocateOptions#maxPatches()}. */
    public Builder maxPatches(int value) {
      if (value < 0) {
        throw badInput("maxPatches must be 0 or more, found " + value);
      }
      maxPatches = value;
      return this;
    }

    /** See {@link LocateOptions#stopAtScore()}. */
    public Builder stopAtScore(double value) {
      stopAtScore = share("stopAtScore", value);
      return this;
    }

    /** See {@link LocateOptions#stopAtAgreement()}. */
    public Builder stopAtAgreement(double value) {
      stopAtAgreement = share("stopAtAgreement", value);
      return this;
    }

    /** See {@link LocateOptions#stopWhenAbsent()}. */
    public Builder stopWhenAbsent(double value) {
      stopWhenAbsent = share("stopWhenAbsent", value);
      return this;
    }

    /** See {@link LocateOptions#foundThreshold()}. */
    public Builder foundThreshold(double value) {
      foundThreshold = share("foundThreshold", value);
      return this;
    }

    /** See {@link LocateOptions#candidates()}. */
    public Builder candidates(int value) {
      candidates = candidateNumber(value);
      return this;
    }

    /** See {@link LocateOptions#listener()}. */
    public Builder listener(BoxListener value) {
      listener = value;
      return this;
    }

    /**
     * The options collected so far.
     *
     * @throws ScanFormerException BAD_INPUT when a call is to stop at a box that its schedule does
     *     not give
     */
    public LocateOptions build() {
      if (schedule == Schedule.FINAL_ONLY
          && !(Float.isNaN(stopAtScore)
              && Float.isNaN(stopAtAgreement)
              && Float.isNaN(stopWhenAbsent))) {
        throw badInput(
            "stopAtScore, stopAtAgreement and stopWhenAbsent need the box of every scale, which the"
                + " schedule PER_SCALE gives, found FINAL_ONLY");
      }
      return new LocateOptions(this);
    }

    static float share(String name, double value) {
      if (!(value >= 0 && value <= 1)) {
        throw badInput(name + " must be 0 to 1, found " + value);
      }
      return (float) value;
    }

    static int candidateNumber(int value) {
      if (value < 0) {
        throw badInput("candidates must be 0 or more, found " + value);
      }
      return value;
    }

    private static ScanFormerException badInput(String message) {
      return new ScanFormerException(ErrorCode.BAD_INPUT, "The option " + message);
    }
  }
}
