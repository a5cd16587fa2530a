package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.scanformer.reference.RandomImages;

/** Calls of a session of three scales, made at random, and their answers compared by bits. */
final class OneGraphCalls {
  /** Patches of a scale beyond the coarsest that are selected at most. */
  static final int MOST = 20;

  private static final int SCALES = 3;

  private OneGraphCalls() {}

  /**
   * An image and its coarsest grid.
   *
   * @param rows patches down
   * @param cols patches across
   */
  record Frame(Image image, int rows, int cols) {
    static Frame of(long seed, int width, int height, int rows, int cols) {
      return new Frame(Image.of(RandomImages.structured(seed, width, height)), rows, cols);
    }

    /** Masks of all scales, of that many patches at random where there are as many. */
    SelectionPolicy masks(Random random, int selected) {
      List<PatchMask> masks = new ArrayList<>();
      masks.add(PatchMask.all(rows, cols));
      for (int s = 1; s < SCALES; s++) {
        byte[] mask = new byte[rows * cols << 2 * s];
        for (int left = Math.min(selected, mask.length); left > 0; ) {
          int patch = random.nextInt(mask.length);
          left -= mask[patch] == 0 ? 1 : 0;
          mask[patch] = 1;
        }
        masks.add(PatchMask.of(rows << s, cols << s, mask));
      }
      return SelectionPolicy.masks(masks);
    }
  }

  private static SelectionPolicy selection(Random random, Frame frame) {
    return switch (random.nextInt(7)) {
      case 0 -> SelectionPolicy.all();
      case 1 -> SelectionPolicy.none();
      case 2 -> SelectionPolicy.threshold(0.1 + 0.8 * random.nextDouble());
      case 3, 4 -> frame.masks(random, random.nextInt(MOST + 1));
      default -> SelectionPolicy.topK(random.nextInt(MOST + 2));
    };
  }

  /** A call of any kind whose answer does not depend on how long it takes. */
  static LocateOptions random(Random random, Frame frame) {
    LocateOptions.Builder call = LocateOptions.builder().selection(selection(random, frame));
    call.schedule(random.nextInt(4) == 0 ? Schedule.PER_SCALE : Schedule.FINAL_ONLY);
    if (random.nextInt(3) == 0) {
      call.maxPatches(random.nextInt(MOST + 1));
    }
    switch (random.nextInt(8)) {
      case 0 -> call.budget(Duration.ofHours(1));
      case 1 -> call.budget(Duration.ZERO);
      case 2 -> call.candidates(2);
      default -> {}
    }
    return call.build();
  }

  /** Whether the device may lead a call. */
  static boolean isWhole(LocateOptions call) {
    return call.schedule() == Schedule.FINAL_ONLY
        && call.budgetNanos() == LocateOptions.defaults().budgetNanos()
        && call.candidates() == 0;
  }

  static void assertSameBits(SessionResult expected, SessionResult found, String what) {
    assertEquals(expected.completedScales(), found.completedScales(), what);
    for (int s = 0; s < expected.completedScales(); s++) {
      String ofScale = what + ", scale " + s;
      assertEquals(expected.selected(s), found.selected(s), ofScale);
      assertEquals(expected.mask(s), found.mask(s), ofScale);
      assertEquals(expected.hasBox(s), found.hasBox(s), ofScale);
      if (expected.hasBox(s)) {
        assertArrayEquals(bits(expected, s), bits(found, s), ofScale);
      }
    }
    assertEquals(expected.found(), found.found(), what);
    assertEquals(expected.candidates(), found.candidates(), what);
  }

  private static int[] bits(SessionResult result, int scale) {
    NormalizedBox box = result.normalizedBox(scale);
    return new int[] {
      Float.floatToRawIntBits(box.centerX()),
      Float.floatToRawIntBits(box.centerY()),
      Float.floatToRawIntBits(box.width()),
      Float.floatToRawIntBits(box.height()),
      Float.floatToRawIntBits(result.score(scale))
    };
  }
}
