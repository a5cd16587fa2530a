package org.scanformer.video;

import java.util.Arrays;
import org.scanformer.Box;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Session;
import org.scanformer.SessionResult;

/** Follows what one expression refers to. Not safe for use by several threads. */
final class Follower implements AutoCloseable {
  /** A box that overlaps the last one by less than this is another object's, or a mistake. */
  private static final double SAME_OBJECT = 0.2;

  /**
   * A search whose box overlaps the last one by this confirms it. Its own box differs a little from
   * those of looks around the last one, and would make an object at rest move.
   */
  private static final double CONFIRMED = 0.5;

  /** How many frames in a row have to agree on another place before the box goes there. */
  private static final int FRAMES_TO_MOVE = 3;

  private static final long LEAST_NANOS = 1_000_000;

  private final Expression expression;
  private final Session session;
  private final int scales;
  private final TrackerOptions options;
  private final SessionResult result;
  private final LocateOptions search;
  private final BoxSmoother smoother;

  /** By how much the finest box differed from each scale's, when both were known. */
  private final double[][] corrections;

  private SearchMasks masks;
  private SelectionPolicy guidedBy;
  private LocateOptions guided;

  /** Where the object is taken to be; null when it is lost. */
  private Box box;

  private Box elsewhere;
  private int framesElsewhere;
  private boolean uncertain;

  /** Whether scales were, or may be, left out for lack of time. */
  private boolean mayEndEarly;

  /** Whether the last frame's call looked around the last box only. */
  private boolean lookedAround;

  private long lastTimestamp;

  /** The time by which objects are lost and searched for: it goes on where timestamps go back. */
  private long clock;

  private long lastFound;
  private long lastSearch;

  /** When the box last went to where a frame has it. */
  private long lastAccepted;

  Follower(Expression expression, Session session, int scales, TrackerOptions options) {
    this.expression = expression;
    this.session = session;
    this.scales = scales;
    this.options = options;
    this.result = session.newResult();
    this.search = toOptions(SelectionPolicy.checkpoint(), Schedule.PER_SCALE);
    this.smoother = new BoxSmoother(options.boxNoise());
    this.mayEndEarly = options.budget() != null;
    this.corrections = new double[scales][4];
  }

  private LocateOptions toOptions(SelectionPolicy selection, Schedule schedule) {
    LocateOptions.Builder builder =
        LocateOptions.builder()
            .selection(selection)
            .schedule(schedule)
            .maxPatches(options.maxPatches());
    if (options.budget() != null) {
      builder.budget(options.budget());
    }
    if (!Double.isNaN(options.foundThreshold())) {
      builder.foundThreshold(options.foundThreshold());
    }
    return builder.build();
  }

  /** Follows the object into a frame. */
  Track follow(Image frame, long timestampNanos, long deadline) {
    if (masks != null && !masks.isOf(frame.width(), frame.height())) {
      masks = null;
      lose();
    }
    long step = Math.max(LEAST_NANOS, timestampNanos - lastTimestamp);
    lastTimestamp = timestampNanos;
    clock += step;
    double seconds = step / 1e9;
    mayEndEarly |= deadline != Long.MAX_VALUE;
    LocateOptions how = how(seconds);
    session.locate(frame, expression, how, deadline, result);
    if (masks == null) {
      PatchMask coarse = result.mask(0);
      masks = new SearchMasks(scales, coarse.rows(), coarse.cols(), frame.width(), frame.height());
    }
    boolean searched = how == search;
    if (searched) {
      lastSearch = clock;
      masks.learn(result);
      if (box == null && result.found() && deadline == Long.MAX_VALUE && options.guided()) {
        lookAgain(frame);
      }
    }
    Box measured = measured();
    Box corrected = correct(measured, frame);
    if (result.found()) {
      if (searched
          && lookedAround
          && box != null
          && box.intersectionOverUnion(corrected) >= CONFIRMED) {
        corrected = smoother.predict(box, seconds);
      }
      accept(corrected, seconds);
    } else {
      uncertain = true;
      if (clock - lastFound > options.lostAfter().toNanos()) {
        lose();
      }
    }
    lookedAround = !searched;
    return track(measured, lookedAround);
  }

  /** Begins with a box as those that follow will be: of a look around where the object is. */
  private void lookAgain(Image frame) {
    LocateOptions around = around(measured(), 0);
    if (around != search) {
      session.locate(frame, expression, around, result);
    }
  }

  private Box measured() {
    return new Box(result.x(), result.y(), result.width(), result.height());
  }

  /** The options of this frame's call: a search of all of it, or a look around the last box. */
  private LocateOptions how(double seconds) {
    if (!options.guided()
        || box == null
        || masks == null
        || uncertain
        || clock - lastSearch >= options.searchEvery().toNanos()) {
      return search;
    }
    return around(box, seconds);
  }

  /**
   * The options of a look around a box that moves as before; a search where that is not possible.
   * Where no scale is left out, only the finest one's box is asked for, which costs less.
   */
  private LocateOptions around(Box last, double seconds) {
    double grown = options.margin() * Math.max(last.width(), last.height());
    double aheadX = smoother.speedX() * seconds;
    double aheadY = smoother.speedY() * seconds;
    Box region =
        new Box(
            last.x() - grown + Math.min(0, aheadX),
            last.y() - grown + Math.min(0, aheadY),
            last.width() + 2 * grown + Math.abs(aheadX),
            last.height() + 2 * grown + Math.abs(aheadY));
    SelectionPolicy patches = masks.around(region, options.maxPatches());
    if (patches == null) {
      return search;
    }
    // An object's first box comes with those of all scales, to learn how they differ.
    Schedule schedule = box == null || mayEndEarly ? Schedule.PER_SCALE : Schedule.FINAL_ONLY;
    if (patches != guidedBy || schedule != guided.schedule()) {
      guidedBy = patches;
      guided = toOptions(patches, schedule);
    }
    return guided;
  }

  /**
   * What the finest scale would have said. When a scale is left out for lack of time, the box is
   * moved and resized as the finest one last differed from it, and so does not jump.
   */
  private Box correct(Box measured, Image frame) {
    int done = result.completedScales();
    int width = frame.width();
    int height = frame.height();
    if (done == scales) {
      for (int s = 0; s < scales - 1; s++) {
        NormalizedBox coarser = result.hasBox(s) ? result.normalizedBox(s) : null;
        if (coarser != null) {
          Box b = coarser.toPixels(width, height);
          corrections[s][0] = measured.x() - b.x();
          corrections[s][1] = measured.y() - b.y();
          corrections[s][2] = measured.width() - b.width();
          corrections[s][3] = measured.height() - b.height();
        }
      }
      return measured;
    }
    double[] by = corrections[done - 1];
    return new Box(
        measured.x() + by[0],
        measured.y() + by[1],
        Math.max(1, measured.width() + by[2]),
        Math.max(1, measured.height() + by[3]));
  }

  private void accept(Box next, double seconds) {
    lastFound = clock;
    if (box != null && !isWhereExpected(next, seconds)) {
      uncertain = true;
      boolean again = elsewhere != null && elsewhere.intersectionOverUnion(next) >= SAME_OBJECT;
      framesElsewhere = again ? framesElsewhere + 1 : 1;
      // Where it moves by its own size between frames, none agrees with the one before.
      boolean isOld = clock - lastAccepted > options.lostAfter().toNanos();
      if (framesElsewhere < FRAMES_TO_MOVE && !isOld) {
        elsewhere = next;
        return;
      }
      smoother.reset();
      if (elsewhere != null) {
        smoother.smooth(elsewhere, seconds); // It moves from there.
      }
    }
    elsewhere = null;
    framesElsewhere = 0;
    uncertain = false;
    lastAccepted = clock;
    box = smoother.smooth(next, seconds);
  }

  /** Whether a box overlaps the last one, where that was or where its motion takes it. */
  private boolean isWhereExpected(Box next, double seconds) {
    return box.intersectionOverUnion(next) >= SAME_OBJECT
        || smoother.predict(box, seconds).intersectionOverUnion(next) >= SAME_OBJECT;
  }

  private void lose() {
    box = null;
    elsewhere = null;
    framesElsewhere = 0;
    uncertain = false;
    smoother.reset();
    for (double[] correction : corrections) {
      Arrays.fill(correction, 0);
    }
  }

  private Track track(Box measured, boolean lookedAroundNow) {
    int patches = 0;
    for (int s = 0; s < result.completedScales(); s++) {
      patches += result.selected(s);
    }
    return new Track(
        expression.text(),
        box,
        measured,
        result.score(),
        result.completedScales(),
        patches,
        lookedAroundNow,
        result.totalNanos());
  }

  @Override
  public void close() {
    expression.close();
  }
}
