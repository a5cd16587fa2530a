package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Image;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;

class AugmentationTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "man on the left",
        "LEFT dog",
        "rightmost cup",
        "2nd frm lft",
        "guy far r",
        "3 o'clock",
        "left-hand one",
        "bottom rt"
      })
  void keepsSidesThatAreSpokenOf(String expression) {
    assertFalse(Augmentation.maySwapSides(expression));
  }

  @ParameterizedTest
  @ValueSource(strings = {"red car", "the topmost bird", "woman over there", "brother"})
  void mirrorsTheRest(String expression) {
    assertTrue(Augmentation.maySwapSides(expression));
  }

  @Test
  void boxesMoveWithTheirObjects() {
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, 8, 60, 200);
    SplittableRandom random = new SplittableRandom(4);
    int mirrored = 0;
    for (int i = 0; i < scenes.size(); i++) {
      ReferringPair pair = scenes.pair(i);
      ReferringPair changed = Augmentation.augment(pair, random);
      Image before = pair.image().read();
      Image after = changed.image().read();
      int x = (int) (pair.box().x() + pair.box().width() / 2);
      int y = (int) (pair.box().y() + pair.box().height() / 2);
      boolean mirror = !changed.box().equals(pair.box());
      mirrored += mirror ? 1 : 0;
      int to = mirror ? before.width() - 1 - x : x;
      if (mirror) {
        assertEquals(
            pair.box().x(), before.width() - changed.box().x() - changed.box().width(), 1e-9);
      }
      for (int c = 0; c < 3; c++) {
        int old = before.pixels().get(y * before.rowStride() + 3 * x + c) & 255;
        int now = after.pixels().get(y * after.rowStride() + 3 * to + c) & 255;
        assertEquals(old, now, 0.16 * old + 1);
      }
      assertEquals(pair.image().objects().size(), changed.image().objects().size());
    }
    assertTrue(mirrored > 8, mirrored + " mirrored");
  }
}
