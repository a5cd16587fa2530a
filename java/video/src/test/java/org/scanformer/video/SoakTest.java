package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.ScanFormer;

/** The soak in short: a film of a third of a second in a loop, as a camera gives it. */
class SoakTest {
  private static final int LOOPS_TO_WARM_UP = 5;
  private static final int LOOPS = 15;
  private static final long MOST_GROWTH = 24 << 20;
  private static final double MILLISECOND = 1e6;

  @Test
  void aFilmInALoopLosesNoFrameNoTimeAndNoMemory() throws IOException {
    try (ScanFormer model = ScanFormer.load();
        Tracker tracker =
            Tracker.open(model, List.of(MovingShapes.CIRCLE), TrackerOptions.defaults())) {
      Soak soak = new Soak(Clips.quick(), Clips.QUICK_FPS, tracker);
      long decoded = loop(soak, LOOPS_TO_WARM_UP);
      long before = Soak.residentBytes();
      decoded += loop(soak, LOOPS);
      long growth = Soak.residentBytes() - before;
      assertTrue(growth < MOST_GROWTH, "the process grew by " + growth + " bytes");
      assertEquals((long) Clips.SMALL_FRAMES * (LOOPS_TO_WARM_UP + LOOPS), decoded);
      assertEquals(decoded, soak.followed() + soak.dropped());
      // Frames have the times of their numbers, and a busy machine makes them late, never early.
      assertTrue(soak.largestDrift() < MILLISECOND, soak.largestDrift() + " ns of drift");
      assertTrue(soak.earliest() >= 0, soak.earliest() + " ns after its time");
    }
    assertEquals(0, FrameMemory.lent());
  }

  private static long loop(Soak soak, int times) throws IOException {
    long decoded = 0;
    for (int i = 0; i < times; i++) {
      decoded += soak.loop();
    }
    System.gc();
    return decoded;
  }
}
