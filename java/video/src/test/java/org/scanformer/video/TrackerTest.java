package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;

/** Objects that are followed, with the bundled model. */
class TrackerTest {
  private static final long FRAME_NANOS = Math.round(1e9 / MovingShapes.FPS);

  private static final int FRAMES_TO_LEARN_A_MOTION = 6;

  private static ScanFormer model;

  @BeforeAll
  static void loadModel() {
    model = ScanFormer.load();
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @Test
  void movingObjectsAreFollowedThroughAFilm() throws IOException {
    Fit circle = new Fit();
    Fit square = new Fit();
    double[] alone = new double[2];
    int guided = 0;
    int frames = 0;
    try (Tracker tracker =
            open(TrackerOptions.defaults(), MovingShapes.CIRCLE, MovingShapes.SQUARE);
        VideoSource source = VideoSource.open(Clips.moving().toString())) {
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        List<Track> tracks = tracker.follow(frame.image(), frame.timestampNanos());
        int i = (int) frame.index();
        circle.add(Clips.MOVING.circle(i), tracks.get(0).box(), tracks.get(0).patches());
        square.add(Clips.MOVING.square(i), tracks.get(1).box(), tracks.get(1).patches());
        guided += tracks.get(0).guided() ? 1 : 0;
        alone[0] += overlap(frame, MovingShapes.CIRCLE, Clips.MOVING.circle(i));
        alone[1] += overlap(frame, MovingShapes.SQUARE, Clips.MOVING.square(i));
        frames++;
      }
    }
    assertEquals(Clips.FRAMES, frames);
    // As good as the model is that looks at each frame anew.
    assertTrue(circle.overlap() >= alone[0] / frames - 0.01, circle.row("the circle"));
    assertTrue(square.overlap() >= alone[1] / frames - 0.01, square.row("the square"));
    assertTrue(Math.min(circle.overlap(), square.overlap()) >= 0.8, square.row("the square"));
    assertTrue(circle.largestRatio() <= 2, circle.row("the circle"));
    // Where the square turns back it hardly moves: its largest step in the film is 2.3 pixels.
    assertTrue(square.largestStep() <= 2 * 2.3, square.row("the square"));
    // All but the first of each second.
    assertTrue(guided >= frames - 11, guided + " frames were guided");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void smoothedBoxesFitAsWellAsMeasuredOnesAndShakeLess(long seed) {
    DriftingShapes scene = new DriftingShapes(seed);
    List<String> texts = scene.texts();
    List<Fit> smoothed = Stream.generate(Fit::new).limit(texts.size()).toList();
    List<Fit> measured = Stream.generate(Fit::new).limit(texts.size()).toList();
    try (Tracker tracker = Tracker.open(model, texts, TrackerOptions.defaults())) {
      for (int i = 0; i < 24; i++) {
        if (i == FRAMES_TO_LEARN_A_MOTION) {
          smoothed.forEach(Fit::clear);
          measured.forEach(Fit::clear);
        }
        List<Track> tracks = tracker.follow(scene.image(i), i * FRAME_NANOS);
        for (int s = 0; s < texts.size(); s++) {
          Track track = tracks.get(s);
          smoothed.get(s).add(scene.box(s, i), track.box(), track.patches());
          measured.get(s).add(scene.box(s, i), track.measured(), track.patches());
        }
      }
    }
    // Smoothing costs no fit that could be seen.
    double loss = (sum(measured, Fit::overlap) - sum(smoothed, Fit::overlap)) / texts.size();
    assertTrue(loss < 0.002, rows(smoothed, measured));
    assertTrue(sum(smoothed, Fit::jitter) < sum(measured, Fit::jitter), rows(smoothed, measured));
  }

  /** How well the model's own answer about a frame fits. */
  private static double overlap(VideoFrame frame, String text, Box truth) {
    return model.locate(Request.of(frame.image(), text)).box().intersectionOverUnion(truth);
  }

  private static double sum(List<Fit> fits, ToDoubleFunction<Fit> value) {
    return fits.stream().mapToDouble(value).sum();
  }

  private static String rows(List<Fit> smoothed, List<Fit> measured) {
    StringBuilder rows = new StringBuilder();
    smoothed.forEach(fit -> rows.append('\n').append(fit.row("smoothed")));
    measured.forEach(fit -> rows.append('\n').append(fit.row("measured")));
    return rows.toString();
  }

  @Test
  void aStillObjectStaysWhereItIs() {
    MovingShapes still = new MovingShapes(640, 480, 0);
    double least = Double.MAX_VALUE;
    double most = 0;
    try (Tracker tracker = open(TrackerOptions.defaults(), MovingShapes.CIRCLE)) {
      Box last = null;
      for (int i = 0; i < 45; i++) {
        Box box = tracker.follow(still.image(i), i * FRAME_NANOS).get(0).box();
        if (last != null) {
          double step = distance(last, box);
          most = Math.max(most, step);
          least = Math.min(least, step);
        }
        last = box;
      }
    }
    // The noise of the pictures moves the box, but not visibly.
    assertTrue(most < 0.2, "a step of " + most + " px");
    assertTrue(least < most);
  }

  @Test
  void lookingAroundTheLastBoxTakesFewerPatches() {
    MovingShapes scene = new MovingShapes(640, 480, 2);
    String square = MovingShapes.SQUARE;
    int[] patches = new int[2];
    double[] overlaps = new double[2];
    for (int mode = 0; mode < 2; mode++) {
      TrackerOptions options = TrackerOptions.builder().guided(mode == 1).build();
      try (Tracker tracker = open(options, square)) {
        for (int i = 0; i < 25; i++) {
          Track track = tracker.follow(scene.image(i), i * FRAME_NANOS).get(0);
          patches[mode] += track.patches();
          overlaps[mode] += track.box().intersectionOverUnion(scene.square(i)) / 25;
        }
      }
    }
    assertTrue(patches[1] < patches[0], patches[1] + " patches, without guiding " + patches[0]);
    assertTrue(overlaps[1] > overlaps[0] - 0.02, overlaps[1] + ", without " + overlaps[0]);
  }

  @Test
  void scalesLeftOutForLackOfTimeDoNotMakeTheBoxJump() {
    MovingShapes still = new MovingShapes(640, 480, 0);
    double measured = 0;
    double shown = 0;
    try (Tracker tracker = open(TrackerOptions.defaults(), MovingShapes.CIRCLE)) {
      Track last = tracker.follow(still.image(0), 0).get(0);
      for (int i = 1; i < 20; i++) {
        // Every other frame has no time left, so that the coarsest scale alone runs.
        long deadline = i % 2 == 0 ? Long.MAX_VALUE : System.nanoTime();
        Track track = tracker.follow(still.image(i), i * FRAME_NANOS, deadline).get(0);
        assertEquals(i % 2 == 0 ? 3 : 1, track.completedScales());
        measured = Math.max(measured, distance(track.measured(), last.measured()));
        shown = Math.max(shown, distance(track.box(), last.box()));
        last = track;
      }
    }
    assertTrue(measured > 1, "the coarse box differs by " + measured + " px");
    assertTrue(shown < 0.2, "a jump of " + shown + " px");
  }

  @Test
  void anObjectIsLostAndFoundAgainByItsScore() {
    MovingShapes scene = new MovingShapes(640, 480, 4.6).withoutCircle(6, 14);
    TrackerOptions options =
        TrackerOptions.builder().foundThreshold(0.5).lostAfter(Duration.ofMillis(90)).build();
    StringBuilder found = new StringBuilder();
    try (Tracker tracker = open(options, MovingShapes.CIRCLE)) {
      for (int i = 0; i < 18; i++) {
        // Where a film begins again, times go back by an hour.
        long time = i * FRAME_NANOS + (i < 6 ? 3_600_000_000_000L : 0);
        Track track = tracker.follow(scene.image(i), time).get(0);
        found.append(track.found() ? '#' : '.');
        assertEquals(scene.hasCircle(i), track.score() > 0.5, "score " + track.score());
        if (i == 17) {
          assertTrue(track.box().intersectionOverUnion(scene.circle(i)) > 0.8);
        }
      }
    }
    // It stays for 90 ms where it was, which are three frames: the first counts as a millisecond.
    assertEquals("#########.....####", found.toString());
  }

  /** As in pictures a second apart, or after an outage: no two of them agree on a place. */
  @ParameterizedTest
  @ValueSource(longs = {1000, 400, 100})
  void noBoxIsKeptForLongWhereAnObjectMovesByMoreThanItsSize(long millis) {
    MovingShapes scene = new MovingShapes(640, 480, 2.2 * 160);
    long frameNanos = Duration.ofMillis(millis).toNanos();
    long lostAfter = TrackerOptions.defaults().lostAfter().toNanos();
    try (Tracker tracker = open(TrackerOptions.defaults(), MovingShapes.SQUARE)) {
      for (int i = 0; i < 16; i++) {
        Track track = tracker.follow(scene.image(i), i * frameNanos).get(0);
        double overlap = 0;
        for (int before = i; before >= 0 && (i - before) * frameNanos <= lostAfter; before--) {
          Box truth = scene.square(before);
          overlap = Math.max(overlap, track.box().intersectionOverUnion(truth));
        }
        assertTrue(overlap > 0.5, "frame " + i + ": " + track.box());
      }
    }
  }

  /** A motion that goes on is learned, however fast it is. */
  @Test
  void aFastObjectIsFollowedWhereItsMotionTakesIt() {
    int late = 0;
    try (Tracker tracker = open(TrackerOptions.defaults(), MovingShapes.CIRCLE)) {
      for (int i = 0; i < 13; i++) {
        double x = 50 + 32 * i;
        BufferedImage picture = new BufferedImage(480, 480, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D g = picture.createGraphics();
        g.setColor(new Color(0xf0f0f0));
        g.fillRect(0, 0, 480, 480);
        g.setColor(new Color(0xdc1e1e));
        g.fill(new Ellipse2D.Double(x - 20, 220, 40, 40));
        g.dispose();
        Track track = tracker.follow(Image.of(picture), i * FRAME_NANOS).get(0);
        late += Math.abs(track.box().centerX() - x) > 10 ? 1 : 0;
      }
    }
    // Those of 200 ms, in which it is elsewhere time and again.
    assertTrue(late <= 6, late + " frames were late");
  }

  @Test
  void severalExpressionsAreFollowedAtOnceAlsoIntoFramesOfAnotherSize() {
    MovingShapes first = new MovingShapes(640, 480, 3);
    MovingShapes second = new MovingShapes(480, 360, 3);
    try (Tracker tracker =
        open(TrackerOptions.defaults(), MovingShapes.CIRCLE, MovingShapes.SQUARE)) {
      for (int i = 0; i < 12; i++) {
        MovingShapes scene = i < 6 ? first : second;
        List<Track> tracks = tracker.follow(scene.image(i), i * FRAME_NANOS);
        assertEquals(MovingShapes.SQUARE, tracks.get(1).text());
        assertEquals(i != 0 && i != 6, tracks.get(0).guided());
        assertTrue(tracks.get(0).box().intersectionOverUnion(scene.circle(i)) > 0.7);
        assertTrue(tracks.get(1).box().intersectionOverUnion(scene.square(i)) > 0.5);
      }
    }
    assertThrows(
        ScanFormerException.class, () -> Tracker.open(model, List.of(), TrackerOptions.defaults()));
  }

  private static Tracker open(TrackerOptions options, String... texts) {
    return Tracker.open(model, List.of(texts), options);
  }

  private static double distance(Box a, Box b) {
    return Math.hypot(a.centerX() - b.centerX(), a.centerY() - b.centerY());
  }
}
