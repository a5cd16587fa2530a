package org.scanformer.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.internal.files.Terminal;
import org.scanformer.video.Track;
import org.scanformer.video.VideoFrame;
import org.scanformer.video.VideoSource;
import org.scanformer.video.VideoStatistics;

/** Tells how a video goes: a bar for files, a line that changes for what has no known end. */
final class VideoStatus implements AutoCloseable {
  private static final long NANOS_BETWEEN_LINES = 500_000_000;
  private static final long NANOS_BETWEEN_LOG_LINES = Terminal.LOG_INTERVAL.toNanos();
  private static final int NANOS_PER_MILLI = 1_000_000;

  private final VideoSource source;
  private final PrintWriter err;
  private final ProgressBar bar;
  private final boolean terminal = Terminal.hasStandardError();
  private final long start = System.nanoTime();
  private long frames;
  private long found;
  private long asked;
  private long worstLatency;
  private long lastLine;
  private long framesAtLastLine;
  private boolean lineOpen;

  VideoStatus(VideoSource source, PrintWriter err) {
    this.source = source;
    this.err = err;
    bar =
        source.durationNanos() > 0 && !source.isLive()
            ? Progress.bar("video, ms", source.durationNanos() / NANOS_PER_MILLI)
            : null;
    lastLine = start;
  }

  /** A frame is done. */
  void step(VideoFrame frame, List<Track> tracks) {
    long now = System.nanoTime();
    frames++;
    asked += tracks.size();
    found += tracks.stream().filter(Track::found).count();
    worstLatency = Math.max(worstLatency, now - frame.arrivalNanos());
    if (bar != null) {
      bar.stepTo(frame.timestampNanos() / NANOS_PER_MILLI);
    } else if (now - lastLine >= (terminal ? NANOS_BETWEEN_LINES : NANOS_BETWEEN_LOG_LINES)) {
      tell(now, tracks);
    }
  }

  private void tell(long now, List<Track> tracks) {
    VideoStatistics done = source.statistics();
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "%.1f frames/s, latency up to %.0f ms, %d dropped, %d damaged, %d reconnects",
            (frames - framesAtLastLine) * 1e9 / (now - lastLine),
            (double) worstLatency / NANOS_PER_MILLI,
            done.dropped(),
            done.decodeErrors(),
            done.reconnects()));
    for (Track track : tracks) {
      line.append(track.found() ? ", " + score(track, "found") : ", lost");
    }
    if (terminal) {
      // What a longer line before left is overwritten.
      err.print("\r" + line + "        ");
      err.flush();
      lineOpen = true;
    } else {
      err.println(line);
    }
    lastLine = now;
    framesAtLastLine = frames;
    worstLatency = 0;
  }

  /** A track's score, or a word for it from a model that gives none. */
  static String score(Track track, String word) {
    return Float.isNaN(track.score()) ? word : String.format(Locale.ROOT, "%.2f", track.score());
  }

  /** The video is at its end, which is later than its last frame. */
  void end() {
    if (bar != null) {
      bar.stepTo(bar.getMax());
    }
  }

  /** The frames that are done. */
  long frames() {
    return frames;
  }

  /** The whole video in a line. */
  String summary() {
    VideoStatistics done = source.statistics();
    return String.format(
        Locale.ROOT,
        "%d frame%s in %.1f s, %d dropped, %d damaged, %d reconnects; found in %.1f %% of the answers",
        frames,
        frames == 1 ? "" : "s",
        (System.nanoTime() - start) / 1e9,
        done.dropped(),
        done.decodeErrors(),
        done.reconnects(),
        asked == 0 ? 0.0 : 100.0 * found / asked);
  }

  /** Ends the bar or the line. Idempotent. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    } else if (lineOpen) {
      err.println();
      lineOpen = false;
    }
  }
}
