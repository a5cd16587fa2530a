package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;

/** Expressions stay true of their changed images. */
class AugmentationTest {
  private static final Box DOG = new Box(30, 70, 30, 40);

  @TempDir private Path directory;
  private ModelConfig config;
  private Augmentation augmentation;

  @BeforeEach
  void readConfig() throws IOException {
    config = ModelConfig.read(TinyModel.writeConfig(directory));
    augmentation = new Augmentation(config, true, true);
  }

  @ParameterizedTest
  @CsvSource({
    "man on the left,man on the right",
    "LEFT dog,right dog",
    "rightmost cup,leftmost cup",
    "2nd frm lft,2nd frm rgt",
    "guy far r,guy far l",
    "left-hand one,right-hand one",
    "the dog right of the left cat,the dog left of the right cat",
    "man on the right in red,man on the left in red",
    "his left arm,his right arm",
    "a bright red car,a bright red car",
    "woman over there,woman over there",
    "second dog from the left,second dog from the right",
    "2nd on left hand side,2nd on right hand side",
    "last man on the right,last man on the left",
    "third from the top,third from the top",
    "the l cup,the r cup",
    "right side of the couch,left side of the couch",
    "man on left on a bike,man on right on a bike",
    "man's left hand,man's right hand",
    "bowl at left in blue,bowl at right in blue",
    "left dog in front,right dog in front",
    "dog to the left of the tree,dog to the right of the tree",
    "pizza left,pizza right",
    "east wing,west wing"
  })
  void leftAndRightChangePlaces(String expression, String mirrored) {
    assertEquals(mirrored, Sides.mirrored(expression));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3 o'clock",
        "dog right next to the man",
        "the one she left",
        "leftish person",
        "person right in front of us",
        "second dog",
        "third person",
        "the 2nd one",
        "last guy",
        "first car in line",
        "second man with his left arm up",
        "third man in the second row from the front",
        "cup right side up",
        "the right-side-up cup",
        "book the right way up",
        "corner at a right angle",
        "the one left behind",
        "the letter r",
        "L shaped couch",
        "sign that says L",
        "number R",
        "shirt with \"R\"",
        "r2d2",
        "food left on plate",
        "the slice left on the plate",
        "cake that is left",
        "what's left of the sandwich",
        "only one left",
        "size L shirt",
        "all right",
        "that's right",
        "couch in the shape of an L",
        "southwest corner",
        "northeast",
        "north-west corner",
        "eastern side",
        "guy at 3:00",
        "driver's side door",
        "passenger side mirror",
        "port side of boat"
      })
  void whatIsInDoubtIsNotMirrored(String expression) {
    assertNull(Sides.mirrored(expression));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "man on the left",
        "second dog",
        "2nd from top",
        "the biggest cup",
        "person in the middle",
        "two dogs",
        "northeast corner",
        "house in the southwest",
        "the guy closest to us"
      })
  void whatSpeaksOfPlacesIsNotCropped(String expression) {
    assertFalse(PlaceWords.allowCrop(expression));
    // Nor where it is not known what the target may be compared with.
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 50; i++) {
      ImageSource image = new Objects(List.of(new ImageObject(DOG, null, null)));
      ReferringPair pair =
          new ReferringPair("dog", image, expression, List.of(DOG), "place", List.of());
      assertEquals(240, augmentation.augment(pair, random).image().width());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dog left of the cat",
        "dog next to the cat",
        "dog behind the cat",
        "dog smaller than the cat",
        "dog on the left with a cat"
      })
  void whatSpeaksOfOtherObjectsIsNotCropped(String expression) {
    ImageSource image = new Objects(List.of(new ImageObject(DOG, "dog", null)));
    ReferringPair pair =
        new ReferringPair("dog", image, expression, List.of(DOG), "place", List.of());
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 50; i++) {
      assertEquals(240, augmentation.augment(pair, random).image().width());
    }
  }

  /** Otherwise a part of an image would tell that the expression is true of it. */
  @Test
  void whatIsOfAnotherPictureIsCroppedToo() {
    ImageSource image = new Objects(List.of(new ImageObject(DOG, "dog", null)));
    ReferringPair pair =
        new ReferringPair("cat", image, "cat on the left", List.of(), AbsentPairs.KIND, List.of());
    SplittableRandom random = new SplittableRandom(6);
    int cropped = 0;
    for (int i = 0; i < 100; i++) {
      cropped += augmentation.augment(pair, random).image().width() < 240 ? 1 : 0;
    }
    assertTrue(cropped > 30, cropped + " cropped");
  }

  /**
   * A part has all dogs, and the dog on the left is in its left third, whatever becomes of cats.
   */
  @Test
  void placesAmongOthersOfTheNameStayTrue() {
    Box other = new Box(110, 60, 30, 40);
    Box cat = new Box(200, 20, 39, 40);
    ImageSource image =
        new Objects(
            List.of(
                new ImageObject(DOG, "dog", null),
                new ImageObject(other, "puppies", null),
                new ImageObject(cat, "cat", null)));
    ReferringPair pair =
        new ReferringPair("dog", image, "dog on the left", List.of(DOG), "place", List.of());
    SplittableRandom random = new SplittableRandom(6);
    int cropped = 0;
    int withoutCat = 0;
    for (int i = 0; i < 200; i++) {
      ReferringPair changed = augmentation.augment(pair, random);
      boolean mirrored = changed.expression().equals("dog on the right");
      double width = changed.image().width();
      double center = changed.box().x() + changed.box().width() / 2;
      assertTrue(mirrored ? center >= 2 * width / 3 : center < width / 3, changed.toString());
      double centerY = changed.box().y() + changed.box().height() / 2;
      assertEquals(1, (int) (3 * centerY / changed.image().height()));
      long dogs =
          changed.image().objects().stream()
              .filter(object -> !object.category().equals("cat"))
              .filter(object -> object.box().width() == 30 && object.box().height() == 40)
              .count();
      assertEquals(2, dogs, changed.image().objects().toString());
      cropped += width < 240 ? 1 : 0;
      withoutCat += changed.image().objects().size() < 3 ? 1 : 0;
    }
    assertTrue(cropped > 20, cropped + " cropped");
    assertTrue(withoutCat > 5, withoutCat + " without the cat");
  }

  /** A grey image of 240 x 180 pixels with objects. */
  private record Objects(List<ImageObject> objects) implements ImageSource {
    @Override
    public String name() {
      return "grey";
    }

    @Override
    public int width() {
      return 240;
    }

    @Override
    public int height() {
      return 180;
    }

    @Override
    public Image read() {
      return Image.of(ByteBuffer.allocate(3 * 240 * 180), PixelFormat.RGB, 240, 180);
    }
  }

  @Test
  void whatSpeaksOfTheObjectMayBeCropped() {
    assertTrue(PlaceWords.allowCrop("a brown dog with a collar"));
    assertTrue(PlaceWords.speakOfColor("a brown dog with a collar"));
    assertFalse(PlaceWords.speakOfColor("a dog with a collar"));
  }

  /** The pixel in the middle of the target is the same one, but for its light. */
  @Test
  void boxesMoveWithTheirObjects() {
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, 8, 80, 200);
    SplittableRandom random = new SplittableRandom(4);
    int mirrored = 0;
    int cropped = 0;
    for (int i = 0; i < scenes.size(); i++) {
      ReferringPair pair = scenes.pair(i);
      ReferringPair changed = augmentation.augment(pair, random);
      Image before = pair.image().read();
      Image after = changed.image().read();
      assertEquals(changed.image().width(), after.width());
      assertEquals(
          config.coarseGrid(before.width(), before.height()),
          config.coarseGrid(after.width(), after.height()));
      // Whole in every part.
      Box box = pair.box();
      Box now = changed.box();
      assertEquals(box.width(), now.width(), 1e-9);
      assertEquals(box.height(), now.height(), 1e-9);
      int[] old = pixel(before, box.x() + box.width() / 2, box.y() + box.height() / 2);
      int[] close = pixel(after, now.x() + now.width() / 2, now.y() + now.height() / 2);
      boolean mirror = !Sides.mirrored(pair.expression()).equals(pair.expression());
      for (int c = 0; c < 3; c++) {
        assertEquals(old[c], close[c], 60, pair.id() + " " + changed.expression());
      }
      mirrored += mirror && !changed.expression().equals(pair.expression()) ? 1 : 0;
      cropped += after.width() < before.width() ? 1 : 0;
      for (ImageObject object : changed.image().objects()) {
        Box own = object.box();
        assertTrue(own.x() >= 0 && own.x() + own.width() <= after.width(), own.toString());
        assertTrue(own.y() >= 0 && own.y() + own.height() <= after.height(), own.toString());
      }
    }
    assertTrue(mirrored > 4, mirrored + " mirrored");
    assertTrue(cropped > 4, cropped + " cropped");
  }

  /** A relation's target lies on the side of its landmark that the expression names. */
  @Test
  void sidesStayTrue() {
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, 8, 120, 200);
    SplittableRandom random = new SplittableRandom(4);
    int checked = 0;
    for (int i = 0; i < scenes.size(); i++) {
      ReferringPair pair = scenes.pair(i);
      ReferringPair changed = augmentation.augment(pair, random);
      boolean left = changed.expression().contains("left of");
      if (left || changed.expression().contains("right of")) {
        assertEquals(1, changed.landmarks().size());
        assertEquals(left, middle(changed.box()) < middle(changed.landmarks().get(0)), pair.id());
        checked++;
      }
    }
    assertTrue(checked > 5, checked + " checked");
  }

  private static double middle(Box box) {
    return box.x() + box.width() / 2;
  }

  private static int[] pixel(Image image, double x, double y) {
    int[] channels = new int[3];
    for (int c = 0; c < 3; c++) {
      int place = (int) y * image.rowStride() + (int) x * 3 + c;
      channels[c] = image.pixels().get(place) & 255;
    }
    return channels;
  }

  @Test
  void objectsThatAreCutAwayAreNoLongerThere() {
    Box inside = new Box(20, 20, 10, 10);
    Box outside = new Box(80, 20, 10, 10);
    ImageChange change = new ImageChange(10, 0, 50, 50, true, 1, 1, 1);
    // Columns 20 to 30 of the image are 10 to 20 of the part, and 30 to 40 of its mirror image.
    assertEquals(List.of(new Box(30, 20, 10, 10)), change.boxes(List.of(inside, outside)));
  }
}
