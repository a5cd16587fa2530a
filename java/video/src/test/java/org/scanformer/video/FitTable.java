package org.scanformer.video;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.ScanFormer;

/** How well boxes fit: of single frames, guided, smoothed, and both. */
final class FitTable {
  private static final long FRAME_NANOS = Math.round(1e9 / MovingShapes.FPS);
  private static final int SCENE_FRAMES = 60;

  /** The parts of following. */
  private enum Mode {
    SINGLE("each frame for itself", false, 0),
    GUIDED("guided only", true, 0),
    SMOOTHED("smoothed only", false, TrackerOptions.defaults().boxNoise()),
    FOLLOWED("followed", true, TrackerOptions.defaults().boxNoise());

    private final String label;
    private final TrackerOptions options;

    Mode(String label, boolean guided, double noise) {
      this.label = label;
      this.options = TrackerOptions.builder().guided(guided).boxNoise(noise).build();
    }
  }

  /** A true box. */
  private interface Truth {
    Box of(int shape, int frame);
  }

  private FitTable() {}

  /** Of the drawn film. */
  static void film(PrintStream out) throws IOException {
    header(out);
    try (ScanFormer model = ScanFormer.load()) {
      film(out, model);
    }
  }

  /** Of scenes of seeds from 1 on. */
  static void scenes(PrintStream out, int seeds) {
    header(out);
    try (ScanFormer model = ScanFormer.load()) {
      scenes(out, model, seeds);
    }
  }

  private static void header(PrintStream out) {
    out.println("| | IoU | largest step | step / own motion, at most | jitter | patches a frame |");
    out.println("|---|---|---|---|---|---|");
  }

  private static void film(PrintStream out, ScanFormer model) throws IOException {
    List<String> texts = List.of(MovingShapes.CIRCLE, MovingShapes.SQUARE);
    Truth truth = (s, i) -> s == 0 ? Clips.MOVING.circle(i) : Clips.MOVING.square(i);
    for (Mode mode : Mode.values()) {
      List<Fit> fits = List.of(new Fit(), new Fit());
      try (Tracker tracker = Tracker.open(model, texts, mode.options);
          VideoSource source = VideoSource.open(Clips.moving().toString())) {
        for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
          add(fits, truth, (int) frame.index(), tracker, frame.image());
        }
      }
      for (int s = 0; s < texts.size(); s++) {
        out.println(fits.get(s).row(texts.get(s) + ", " + mode.label));
      }
    }
  }

  /** The mean of all shapes of all seeds. */
  private static void scenes(PrintStream out, ScanFormer model, int seeds) {
    List<List<Fit>> byMode = new ArrayList<>();
    for (Mode mode : Mode.values()) {
      byMode.add(new ArrayList<>());
    }
    for (int seed = 1; seed <= seeds; seed++) {
      DriftingShapes scene = new DriftingShapes(seed);
      List<Tracker> trackers = new ArrayList<>();
      List<List<Fit>> fits = new ArrayList<>();
      for (Mode mode : Mode.values()) {
        trackers.add(Tracker.open(model, scene.texts(), mode.options));
        fits.add(scene.texts().stream().map(text -> new Fit()).toList());
      }
      for (int i = 0; i < SCENE_FRAMES; i++) {
        Image image = scene.image(i);
        for (Mode mode : Mode.values()) {
          int m = mode.ordinal();
          add(fits.get(m), scene::box, i, trackers.get(m), image);
        }
      }
      trackers.forEach(Tracker::close);
      for (Mode mode : Mode.values()) {
        byMode.get(mode.ordinal()).addAll(fits.get(mode.ordinal()));
      }
    }
    for (Mode mode : Mode.values()) {
      List<Fit> fits = byMode.get(mode.ordinal());
      out.printf(
          Locale.ROOT,
          "| %d shapes of %d scenes, %s | %.3f (least %.3f) | %.1f px | | %.2f px | %.1f |%n",
          fits.size(),
          seeds,
          mode.label,
          fits.stream().mapToDouble(Fit::overlap).average().orElse(0),
          fits.stream().mapToDouble(Fit::overlap).min().orElse(0),
          fits.stream().mapToDouble(Fit::largestStep).max().orElse(0),
          fits.stream().mapToDouble(Fit::jitter).average().orElse(0),
          fits.stream().mapToDouble(Fit::patches).average().orElse(0));
    }
  }

  private static void add(List<Fit> fits, Truth truth, int frame, Tracker tracker, Image image) {
    List<Track> tracks = tracker.follow(image, frame * FRAME_NANOS);
    for (int s = 0; s < fits.size(); s++) {
      fits.get(s).add(truth.of(s, frame), tracks.get(s).box(), tracks.get(s).patches());
    }
  }
}
