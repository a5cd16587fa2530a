package org.scanformer.video;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.Session;
import org.scanformer.SessionOptions;

/**
 * Follows what expressions refer to through the frames of a video, on a session of its own. The
 * coarsest scale always sees all of a frame; the finer ones look around where the object was, and
 * boxes are smoothed.
 *
 * <pre>{@code
 * try (Tracker tracker = Tracker.open(model, List.of("the red circle"), TrackerOptions.defaults());
 *     VideoSource source = VideoSource.open("clip.mp4")) {
 *   for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
 *     Track track = tracker.follow(frame.image(), frame.timestampNanos()).get(0);
 *     System.out.println(track.found() ? track.box() : "lost");
 *   }
 * }
 * }</pre>
 *
 * <p>Not safe for use by several threads: one a video.
 */
public final class Tracker implements AutoCloseable {
  private final Session session;
  private final List<Follower> followers = new ArrayList<>();

  private Tracker(ScanFormer model, List<String> texts, TrackerOptions options) {
    session = model.openSession(SessionOptions.builder().threads(options.threads()).build());
    try {
      int scales = ((Number) model.config().get("num_scales")).intValue();
      for (String text : texts) {
        followers.add(new Follower(model.encode(text), session, scales, options));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a tracker.
   *
   * @param model stays the caller's, who closes it after the tracker
   * @param texts the expressions to follow, at least one; each costs a call of the model a frame
   * @throws ScanFormerException BAD_INPUT when there is no expression, or the model refuses one;
   *     otherwise as opening a session fails
   */
  public static Tracker open(ScanFormer model, List<String> texts, TrackerOptions options) {
    Objects.requireNonNull(options, "options");
    if (Objects.requireNonNull(texts, "texts").isEmpty()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "No expression found, expected at least one to follow");
    }
    return new Tracker(model, texts, options);
  }

  /**
   * Prepares the session for frames of some size, so that no frame of the video has to wait. See
   * {@link Session#warmUp()}.
   */
  public void warmUp() {
    session.warmUp();
  }

  /**
   * Follows all expressions into a frame. A frame of another size than the one before begins anew.
   *
   * @param timestampNanos the frame's time, from any origin; a frame that is not later than the one
   *     before counts as a millisecond later
   * @return one track an expression, in their order
   * @throws ScanFormerException as {@link Session#locate} fails
   */
  public List<Track> follow(Image frame, long timestampNanos) {
    return follow(frame, timestampNanos, Long.MAX_VALUE);
  }

  /**
   * The same with a deadline.
   *
   * @param deadline the {@link System#nanoTime()} by which all expressions should be answered: each
   *     may take its share of the time that is left; {@link Long#MAX_VALUE} for none
   */
  public List<Track> follow(Image frame, long timestampNanos, long deadline) {
    List<Track> tracks = new ArrayList<>(followers.size());
    for (int i = 0; i < followers.size(); i++) {
      long due = deadline;
      if (deadline != Long.MAX_VALUE) {
        long now = System.nanoTime();
        due = now + Math.max(0, deadline - now) / (followers.size() - i);
      }
      tracks.add(followers.get(i).follow(frame, timestampNanos, due));
    }
    return tracks;
  }

  /** Closes the session and frees the expressions. Idempotent. */
  @Override
  public void close() {
    followers.forEach(Follower::close);
    session.close();
  }
}
