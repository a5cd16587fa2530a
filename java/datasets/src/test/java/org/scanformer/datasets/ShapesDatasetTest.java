package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;

class ShapesDatasetTest {
  private static final ShapesDataset SCENES = ShapesDataset.of(Split.TEST, 3, 600, 400);

  private static byte[] bytes(ReferringPair pair) {
    ByteBuffer pixels = pair.image().read().pixels();
    byte[] bytes = new byte[pixels.remaining()];
    pixels.get(bytes);
    return bytes;
  }

  @Test
  void sameSeedGivesSameBytes() {
    ShapesDataset again = ShapesDataset.of(Split.TEST, 3, 10, 400);
    for (int i = 9; i >= 0; i--) {
      assertEquals(SCENES.pair(i).expression(), again.pair(i).expression());
      assertEquals(SCENES.pair(i).box(), again.pair(i).box());
      assertArrayEquals(bytes(SCENES.pair(i)), bytes(again.pair(i)));
    }
    assertNotEquals(
        SCENES.pair(0).image().name(),
        ShapesDataset.of(Split.TEST, 4, 10, 400).pair(0).image().name());
  }

  @Test
  void splitsAreDisjoint() {
    Set<String> names = new HashSet<>();
    for (Split split : Split.values()) {
      ShapesDataset scenes = ShapesDataset.of(split, 3, 300, 400);
      for (int i = 0; i < scenes.size(); i++) {
        String name = scenes.pair(i).image().name();
        assertTrue(names.add(name));
        // The top two bits of the seed are the split's number.
        assertEquals(split.ordinal(), Character.digit(name.charAt(6), 16) >> 2, name);
      }
    }
  }

  @Test
  void boxesAreWhereTheObjectsAre() {
    for (int i = 0; i < 40; i++) {
      ReferringPair pair = SCENES.pair(i);
      Scene scene = (Scene) pair.image();
      SceneObject target =
          scene.sceneObjects().stream()
              .filter(object -> object.box().equals(pair.box()))
              .findFirst()
              .orElseThrow();
      int width = scene.width();
      byte[] pixels = bytes(pair);
      int left = width;
      int right = -1;
      int top = scene.height();
      int bottom = -1;
      for (int p = 0; p < pixels.length / 3; p++) {
        int rgb =
            (pixels[3 * p] & 255) << 16 | (pixels[3 * p + 1] & 255) << 8 | pixels[3 * p + 2] & 255;
        boolean inBox =
            p % width + 1 >= pair.box().x()
                && p % width <= pair.box().x() + pair.box().width()
                && p / width + 1 >= pair.box().y()
                && p / width <= pair.box().y() + pair.box().height();
        if (rgb == target.rgb() && inBox) {
          left = Math.min(left, p % width);
          right = Math.max(right, p % width + 1);
          top = Math.min(top, p / width);
          bottom = Math.max(bottom, p / width + 1);
        }
      }
      // Points of a star or a turned corner are thinner than a pixel for a few pixels.
      double slack = 2 + 0.15 * Math.max(pair.box().width(), pair.box().height());
      Box box = pair.box();
      assertEquals(box.x(), left, slack, pair.id());
      assertEquals(box.y(), top, slack, pair.id());
      assertEquals(box.x() + box.width(), right, slack, pair.id());
      assertEquals(box.y() + box.height(), bottom, slack, pair.id());
    }
  }

  @Test
  void objectsAreInsideAndApart() {
    for (int i = 0; i < SCENES.size(); i++) {
      ImageSource image = SCENES.pair(i).image();
      List<ImageObject> objects = image.objects();
      assertTrue(objects.size() <= 6 && !objects.isEmpty(), "objects " + objects.size());
      for (ImageObject a : objects) {
        assertTrue(a.box().x() >= 0 && a.box().y() >= 0);
        assertTrue(a.box().x() + a.box().width() <= image.width());
        assertTrue(a.box().y() + a.box().height() <= image.height());
        for (ImageObject b : objects) {
          boolean apart =
              a == b
                  || a.box().x() + a.box().width() < b.box().x()
                  || b.box().x() + b.box().width() < a.box().x()
                  || a.box().y() + a.box().height() < b.box().y()
                  || b.box().y() + b.box().height() < a.box().y();
          assertTrue(apart);
        }
      }
    }
  }

  /** Reads the expression anew, word by word, and looks for all that it can mean. */
  @Test
  void expressionsHoldForOneObjectAlone() {
    Map<String, Integer> kinds = new HashMap<>();
    for (int i = 0; i < SCENES.size(); i++) {
      ReferringPair pair = SCENES.pair(i);
      kinds.merge(pair.kind(), 1, Integer::sum);
      List<SceneObject> objects = ((Scene) pair.image()).sceneObjects();
      List<SceneObject> meant = SceneMeaning.of(pair.expression(), objects);
      assertEquals(1, meant.size(), pair.id() + ": " + pair.expression());
      assertEquals(pair.box(), meant.get(0).box(), pair.id() + ": " + pair.expression());
    }
    assertEquals(11, kinds.size(), kinds.toString());
  }

  @Test
  void everyWordIsInTheVocabulary() {
    Set<String> vocabulary = new TreeSet<>(ShapesDataset.vocabulary());
    Set<String> used = new TreeSet<>();
    ShapesDataset many = ShapesDataset.of(Split.TRAIN, 1, 5000, 200);
    for (int i = 0; i < many.size(); i++) {
      used.addAll(Arrays.asList(many.pair(i).expression().split(" ")));
    }
    assertEquals(vocabulary, used);
  }

  /** Pixels do not depend on the Java version: the same here as when the sum was taken. */
  @Test
  void pixelsAreTheSameOnEveryJava() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < 20; i++) {
      digest.update(bytes(SCENES.pair(i)));
    }
    String sum = HexFormat.of().formatHex(digest.digest());
    assertEquals("821eeea7161fb4c76c38b95b986f839d59c48cb47315c80382570ce9c2eb59d3", sum);
  }
}
