package org.scanformer.video;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.scanformer.ScanFormer;

/**
 * A film in a loop at its own pace, followed by a tracker that drops frames when it is late: the
 * long-running case, watched for memory, for time that drifts and for frames that are not counted.
 */
final class Soak {
  private static final long NANOS_PER_REPORT = 60_000_000_000L;

  private final Path film;
  private final double nanosPerFrame;
  private final Tracker tracker;
  private long followed;
  private long dropped;
  private long damaged;
  private double largestDrift;
  private double earliest = Double.MAX_VALUE;

  Soak(Path film, double framesPerSecond, Tracker tracker) {
    this.film = film;
    this.nanosPerFrame = 1e9 / framesPerSecond;
    this.tracker = tracker;
  }

  /** Runs for some seconds and reports once a minute and at the end. */
  static void run(PrintStream out, int seconds) throws IOException {
    out.println("| after | followed | dropped | damaged | drift | Java heap | process |");
    out.println("|---|---|---|---|---|---|---|");
    try (ScanFormer model = ScanFormer.load();
        Tracker tracker =
            Tracker.open(model, List.of(MovingShapes.CIRCLE), TrackerOptions.defaults())) {
      Soak soak = new Soak(Clips.moving(), MovingShapes.FPS, tracker);
      long start = System.nanoTime();
      long report = start + NANOS_PER_REPORT;
      while (System.nanoTime() - start < seconds * 1_000_000_000L) {
        soak.loop();
        if (System.nanoTime() > report) {
          out.println(soak.row((System.nanoTime() - start) / 1_000_000_000));
          report += NANOS_PER_REPORT;
        }
      }
      out.println(soak.row((System.nanoTime() - start) / 1_000_000_000));
    }
  }

  /** Plays the film once; how many frames it had. */
  long loop() throws IOException {
    VideoSourceOptions newest =
        VideoSourceOptions.builder().delivery(VideoSourceOptions.Delivery.NEWEST).build();
    long opened = System.nanoTime();
    try (VideoSource source = VideoSource.open(film.toString(), newest)) {
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        tracker.follow(frame.image(), frame.timestampNanos());
        followed++;
        double own = frame.index() * nanosPerFrame;
        largestDrift = Math.max(largestDrift, Math.abs(frame.timestampNanos() - own));
        earliest = Math.min(earliest, frame.arrivalNanos() - opened - own);
      }
      VideoStatistics done = source.statistics();
      dropped += done.dropped();
      damaged += done.decodeErrors();
      return done.decoded();
    }
  }

  long followed() {
    return followed;
  }

  long dropped() {
    return dropped;
  }

  /** By how much a frame's time differed from its number's at most, in nanoseconds. */
  double largestDrift() {
    return largestDrift;
  }

  /** How long after its time the most punctual frame came, in nanoseconds; negative when before. */
  double earliest() {
    return earliest;
  }

  private String row(long seconds) throws IOException {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return String.format(
        Locale.ROOT,
        "| %d s | %d | %d | %d | %.1f ms | %d MB | %d MB |",
        seconds,
        followed,
        dropped,
        damaged,
        largestDrift / 1e6,
        (runtime.totalMemory() - runtime.freeMemory()) >> 20,
        residentBytes() >> 20);
  }

  /** The memory of this process. */
  static long residentBytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(each -> each.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
  }
}
