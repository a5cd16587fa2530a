package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The filter that smooths centres along their motion. */
class ConstantVelocityFilterTest {
  private static final double SECONDS = 1.0 / 30;

  @Test
  void anEvenMotionIsFollowedWithoutLag() {
    ConstantVelocityFilter filter = new ConstantVelocityFilter();
    for (int i = 0; i < 60; i++) {
      double smooth = filter.filter(5.0 * i, SECONDS, 1.5, 100, 100);
      // A frame's way is 5; a low-pass filter would lag by about as much for good.
      assertEquals(5.0 * i, smooth, i < 10 ? 2.5 : 0.05, "frame " + i);
    }
    assertEquals(150, filter.speed(), 0.5);
  }

  @Test
  void noiseIsReducedInMotionToo() {
    for (double perFrame : new double[] {0, 4}) {
      SplittableRandom random = new SplittableRandom(3);
      ConstantVelocityFilter filter = new ConstantVelocityFilter();
      double raw = 0;
      double filtered = 0;
      for (int i = 0; i < 300; i++) {
        double noise = random.nextDouble() - 0.5;
        double smooth = filter.filter(perFrame * i + noise, SECONDS, 1.5, 100, 100);
        if (i >= 30) {
          raw += noise * noise;
          filtered += (smooth - perFrame * i) * (smooth - perFrame * i);
        }
      }
      assertTrue(filtered < 0.5 * raw, filtered + " of " + raw + " at " + perFrame);
    }
  }

  @Test
  void framesMayComeAtAnyTime() {
    ConstantVelocityFilter filter = new ConstantVelocityFilter();
    SplittableRandom random = new SplittableRandom(5);
    double time = 0;
    double smooth = 0;
    for (int i = 0; i < 100; i++) {
      double seconds = 0.005 + 0.1 * random.nextDouble();
      time += seconds;
      smooth = filter.filter(80 * time, seconds, 1.5, 100, 100);
    }
    assertEquals(80 * time, smooth, 0.1);
  }
}
