package org.scanformer.video;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Films that several tests read, made once a run, in H.264. */
final class Clips {
  static final int FRAMES = 300;
  static final int SMALL_FRAMES = 30;

  /** Of 640 x 480; the circle goes 4.6 pixels a frame. */
  static final MovingShapes MOVING = new MovingShapes(640, 480, 4.6);

  /** Of 160 x 120. */
  static final MovingShapes SMALL = new MovingShapes(160, 120, 4.6);

  static final double QUICK_FPS = 3 * MovingShapes.FPS;

  private static Path moving;
  private static Path small;
  private static Path quick;

  private Clips() {}

  /** {@link #FRAMES} frames of {@link #MOVING}. */
  static synchronized Path moving() throws IOException {
    if (moving == null) {
      moving = MOVING.encode(file("moving"), FRAMES, MovingShapes.FPS);
    }
    return moving;
  }

  /** {@link #SMALL_FRAMES} frames of {@link #SMALL}. */
  static synchronized Path small() throws IOException {
    if (small == null) {
      small = SMALL.encode(file("small"), SMALL_FRAMES, MovingShapes.FPS);
    }
    return small;
  }

  /** {@link #SMALL_FRAMES} frames of {@link #SMALL} at {@link #QUICK_FPS}. */
  static synchronized Path quick() throws IOException {
    if (quick == null) {
      quick = SMALL.encode(file("quick"), SMALL_FRAMES, QUICK_FPS);
    }
    return quick;
  }

  private static Path file(String name) throws IOException {
    Path directory = Path.of("target", "clips");
    Files.createDirectories(directory);
    return directory.resolve(name + ".mp4");
  }
}
