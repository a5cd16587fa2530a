package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.scanformer.PixelFormat;

/** A film in a loop, opened, decoded, drawn on and closed again and again: nothing is left. */
class VideoMemoryTest {
  private static final int LOOPS = 25;
  private static final long MOST_GROWTH = 24 << 20;

  @Test
  void readingInALoopDoesNotGrowTheProcess() throws IOException {
    loop(LOOPS);
    long before = Soak.residentBytes();
    loop(LOOPS);
    long growth = Soak.residentBytes() - before;
    assertTrue(growth < MOST_GROWTH, "the process grew by " + growth + " bytes");
    assertEquals(0, FrameMemory.lent());
  }

  private static void loop(int times) throws IOException {
    for (int i = 0; i < times; i++) {
      try (VideoSource source = VideoSource.open(Clips.small().toString());
          Picture picture = Picture.of(640, 480, PixelFormat.I420)) {
        long frames = 0;
        for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
          picture.set(frame.image());
          frames++;
        }
        assertEquals(Clips.SMALL_FRAMES, frames);
      }
    }
    System.gc();
  }
}
