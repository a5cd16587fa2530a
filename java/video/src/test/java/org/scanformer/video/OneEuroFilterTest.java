package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The filter that smooths boxes. */
class OneEuroFilterTest {
  private static final double SECONDS = 1.0 / 30;

  @Test
  void noiseOfAStillSignalIsReduced() {
    SplittableRandom random = new SplittableRandom(3);
    OneEuroFilter filter = new OneEuroFilter(0.8, 12);
    double raw = 0;
    double filtered = 0;
    double last = filter.filter(0, SECONDS, 100);
    double lastRaw = 0;
    for (int i = 0; i < 300; i++) {
      double value = random.nextDouble() - 0.5;
      double smooth = filter.filter(value, SECONDS, 100);
      raw += Math.abs(value - lastRaw);
      filtered += Math.abs(smooth - last);
      last = smooth;
      lastRaw = value;
    }
    assertTrue(filtered < 0.25 * raw, filtered + " of " + raw);
  }

  @Test
  void theFirstValueWeighsNoMoreThanTheNext() {
    OneEuroFilter filter = new OneEuroFilter(0.1, 0);
    filter.filter(6, SECONDS, 100);
    filter.filter(0, SECONDS, 100);
    assertEquals(2, filter.filter(0, SECONDS, 100), 1e-9);
  }

  @Test
  void aFastSignalIsFollowedWithLittleLag() {
    OneEuroFilter filter = new OneEuroFilter(0.8, 12);
    double smooth = 0;
    for (int i = 0; i < 60; i++) {
      smooth = filter.filter(5.0 * i, SECONDS, 100);
    }
    // Of 150 pixels a second: less than a frame's way.
    assertEquals(5.0 * 59, smooth, 2);
    assertEquals(150, filter.speed(), 1);
  }
}
