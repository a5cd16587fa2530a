package org.scanformer.video;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import org.scanformer.Expression;
import org.scanformer.LocateOptions;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormer;
import org.scanformer.Schedule;
import org.scanformer.Session;
import org.scanformer.SessionOptions;
import org.scanformer.SessionResult;

/**
 * What a frame takes from decoding to its box: the parts alone, and all of them at once. Processor
 * time says what it would take on a machine that does nothing else.
 */
final class SpeedTable {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final PrintStream out;
  private final ScanFormer model;

  private SpeedTable(PrintStream out, ScanFormer model) {
    this.out = out;
    this.model = model;
  }

  /** Work on the film; how many frames were done. */
  private interface Work {
    int run() throws IOException;
  }

  static void print(PrintStream out, int passes) throws IOException {
    out.println("| | frames/s | ms a frame | processor ms a frame |");
    out.println("|---|---|---|---|");
    try (ScanFormer model = ScanFormer.load()) {
      SpeedTable table = new SpeedTable(out, model);
      // The first pass compiles and records.
      for (int pass = 0; pass <= passes; pass++) {
        table.pass(pass > 0);
      }
    }
  }

  private void pass(boolean counts) throws IOException {
    final double decoding = row(counts, "decoding alone", SpeedTable::decode);
    double model = 0;
    for (Schedule schedule : Schedule.values()) {
      double each = row(counts, "the model alone, " + schedule, () -> locate(schedule));
      model = schedule == Schedule.PER_SCALE ? each : model;
    }
    final double sum = decoding + model;
    for (boolean guided : new boolean[] {false, true}) {
      TrackerOptions options = TrackerOptions.builder().guided(guided).build();
      String name = "decoding to box, " + (guided ? "guided" : "the model's own selection");
      double all = row(counts, name, () -> follow(options));
      if (counts) {
        out.printf(
            Locale.ROOT, "| … of decoding and model one after the other | %.2f | | |%n", all / sum);
      }
    }
  }

  /** Runs and prints; milliseconds a frame. */
  private double row(boolean counts, String name, Work work) throws IOException {
    long cpu = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    int frames = work.run();
    double millis = (System.nanoTime() - start) / 1e6 / frames;
    double cpuMillis = (SYSTEM.getProcessCpuTime() - cpu) / 1e6 / frames;
    if (counts) {
      out.printf(
          Locale.ROOT, "| %s | %.0f | %.2f | %.2f |%n", name, 1000 / millis, millis, cpuMillis);
    }
    return millis;
  }

  private static int decode() throws IOException {
    int frames = 0;
    try (VideoSource source = VideoSource.open(Clips.moving().toString())) {
      while (source.next() != null) {
        frames++;
      }
    }
    return frames;
  }

  private int locate(Schedule schedule) {
    int frames = 200;
    LocateOptions options = LocateOptions.builder().schedule(schedule).build();
    try (Session session = model.openSession(SessionOptions.defaults());
        Expression expression = model.encode(MovingShapes.CIRCLE);
        Picture picture = Picture.of(640, 480, PixelFormat.I420)) {
      picture.set(Clips.MOVING.image(0));
      SessionResult result = session.newResult();
      for (int i = 0; i < frames; i++) {
        session.locate(picture.image(), expression, options, result);
      }
    }
    return frames;
  }

  private int follow(TrackerOptions options) throws IOException {
    int frames = 0;
    try (Tracker tracker = Tracker.open(model, List.of(MovingShapes.CIRCLE), options);
        VideoSource source = VideoSource.open(Clips.moving().toString())) {
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        tracker.follow(frame.image(), frame.timestampNanos());
        frames++;
      }
    }
    return frames;
  }
}
