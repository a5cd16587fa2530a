package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.scanformer.Box;

class SearchMasksTest {
  private static final int SCALES = 3;
  private static final int FINEST = SCALES - 1;

  private static int up(int pixels, int patches, int of) {
    return (pixels * patches + of - 1) / of;
  }

  /** Sides of which a patch's size in floating point, times the patches, is more than the image. */
  @Test
  void theImagesEdgesAreWithinItsLastPatches() {
    for (int grid : new int[] {3, 5, 7}) {
      for (int side = 16; side <= 4096; side++) {
        int fine = grid << FINEST;
        int narrow = Math.max(1, side / grid);
        int half = side / 2;
        SearchMasks masks = new SearchMasks(SCALES, grid, 1, narrow, side);
        Box lower = new Box(0, half, narrow, side - half);
        int[] expected = {0, half * fine / side, 1 << FINEST, fine};
        assertArrayEquals(expected, masks.patches(lower, FINEST), side + " pixels down");
        // Its masks are made too.
        assertNotNull(masks.around(lower, Integer.MAX_VALUE));
        masks = new SearchMasks(SCALES, 1, grid, side, narrow);
        Box left = new Box(0, 0, half, narrow);
        expected = new int[] {0, 0, up(half, fine, side), 1 << FINEST};
        assertArrayEquals(expected, masks.patches(left, FINEST), side + " pixels across");
      }
    }
  }

  @Test
  void regionsOutsideOfTheImageHaveNoMasks() {
    SearchMasks masks = new SearchMasks(SCALES, 3, 3, 640, 480);
    assertNull(masks.around(new Box(700, 0, 10, 10), Integer.MAX_VALUE));
    assertNotNull(masks.around(new Box(600, 0, 100, 10), Integer.MAX_VALUE));
  }
}
