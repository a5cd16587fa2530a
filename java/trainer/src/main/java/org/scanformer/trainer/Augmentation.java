package org.scanformer.trainer;

import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.Box;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;

/**
 * Changes images so that their expressions stay true: a mirror image, where the expression's left
 * and right change places too; a part of the image with all of its target, and if the expression
 * speaks of places, sizes or numbers, with all of its kind, but none if it speaks of other objects;
 * other light, contrast and saturation, hardly any of the latter if it speaks of colours. What may
 * not be English is neither mirrored nor cropped.
 */
final class Augmentation {
  private static final double LIGHT = 0.2;
  private static final double CONTRAST = 0.2;
  private static final double SATURATION = 0.4;

  /** The change of light and saturation that keeps a colour's name. */
  private static final double SAME_COLOR = 0.1;

  /** The share of the pairs that may be cropped which are. */
  private static final double CROPS = 0.7;

  /** The smallest side of a part, relative to the image's. */
  private static final double LEAST_SIDE = 0.5;

  private static final int TRIES = 8;

  private final ModelConfig config;
  private final boolean mirrors;
  private final boolean crops;

  /**
   * Augmentation for a model.
   *
   * @param config gives the coarse grid, which stays the same, as a batch shares it
   * @param mirrors whether there are mirror images
   * @param crops whether there are parts of images
   */
  Augmentation(ModelConfig config, boolean mirrors, boolean crops) {
    this.config = config;
    this.mirrors = mirrors;
    this.crops = crops;
  }

  /** What is switched off, to be told of a run; empty if nothing is. */
  String without() {
    return (mirrors ? "" : ", no mirror images") + (crops ? "" : ", no crops");
  }

  /** A pair with a changed image. */
  ReferringPair augment(ReferringPair pair, SplittableRandom random) {
    String mirrored = random.nextBoolean() && mirrors ? Sides.mirrored(pair.expression()) : null;
    boolean colors = PlaceWords.speakOfColor(pair.expression()) || knowsColors(pair);
    double light = around(random, colors ? SAME_COLOR : LIGHT);
    double contrast = around(random, colors ? SAME_COLOR : CONTRAST);
    double saturation = around(random, colors ? SAME_COLOR : SATURATION);
    // Of what is in no part of the image, no part has any.
    boolean anyPart =
        PlaceWords.allowCrop(pair.expression())
            || pair.targets().isEmpty() && AbsentPairs.KIND.equals(pair.kind());
    boolean somePart =
        !PlaceWords.speakOfOthers(pair.expression()) && AbsentPairs.category(pair) != null;
    // Of true and of absent ones alike, or else a part would tell which of them it is.
    boolean mayCrop = crops && !ForeignWords.mayBeIn(pair.expression());
    boolean crop = random.nextDouble() < CROPS && mayCrop && (anyPart || somePart);
    int width = pair.image().width();
    int height = pair.image().height();
    ImageChange change =
        new ImageChange(0, 0, width, height, mirrored != null, light, contrast, saturation);
    for (int i = 0; crop && i < TRIES; i++) {
      ImageChange part = part(change, pair, random);
      if (part != null && (anyPart || keepsPlaces(pair, part))) {
        change = part;
        crop = false;
      }
    }
    return new ReferringPair(
        pair.id(),
        change.of(pair.image()),
        mirrored != null ? mirrored : pair.expression(),
        change.boxes(pair.targets()),
        pair.kind(),
        change.boxes(pair.landmarks()));
  }

  private static boolean knowsColors(ReferringPair pair) {
    for (ImageObject object : pair.image().objects()) {
      if (object.color() != null) {
        return true;
      }
    }
    return false;
  }

  private static double around(SplittableRandom random, double most) {
    return 1 + most * (2 * random.nextDouble() - 1);
  }

  /**
   * Whether a target's place among all that it may be compared with, and roughly its place in the
   * image, are the same in a part.
   */
  private static boolean keepsPlaces(ReferringPair pair, ImageChange part) {
    String category = AbsentPairs.category(pair);
    for (ImageObject object : pair.image().objects()) {
      boolean compared =
          object.category() == null || CategoryKin.mayFit(category, object.category());
      if (compared && !part.keeps(object.box())) {
        return false;
      }
    }
    Box box = pair.box();
    double x = box.x() + box.width() / 2;
    double y = box.y() + box.height() / 2;
    return third(x, pair.image().width()) == third(x - part.left(), part.width())
        && third(y, pair.image().height()) == third(y - part.top(), part.height());
  }

  private static int third(double place, int of) {
    return (int) (3 * place / of);
  }

  /** A random part with all targets and landmarks; null if this one has another coarse grid. */
  private ImageChange part(ImageChange whole, ReferringPair pair, SplittableRandom random) {
    double left = whole.width();
    double top = whole.height();
    double right = 0;
    double bottom = 0;
    for (List<Box> boxes : List.of(pair.targets(), pair.landmarks())) {
      for (Box box : boxes) {
        left = Math.min(left, box.x());
        top = Math.min(top, box.y());
        right = Math.max(right, box.x() + box.width());
        bottom = Math.max(bottom, box.y() + box.height());
      }
    }
    double side = LEAST_SIDE + (1 - LEAST_SIDE) * random.nextDouble();
    double aspect = around(random, 0.15);
    int width = (int) Math.round(Math.min(1, side * aspect) * whole.width());
    int height = (int) Math.round(Math.min(1, side / aspect) * whole.height());
    int x = start(left, right, width, whole.width(), random);
    int y = start(top, bottom, height, whole.height(), random);
    ModelConfig.Grid grid = config.coarseGrid(whole.width(), whole.height());
    if (x < 0 || y < 0 || !config.coarseGrid(width, height).equals(grid)) {
      return null;
    }
    return new ImageChange(
        x, y, width, height, whole.mirror(), whole.light(), whole.contrast(), whole.saturation());
  }

  /** A random start of a stretch that holds another one; −1 if that one is longer. */
  private static int start(double from, double to, int length, int whole, SplittableRandom random) {
    int first = (int) Math.max(0, Math.ceil(to) - length);
    int last = (int) Math.min(whole - length, Math.floor(Math.min(from, whole)));
    double place = random.nextDouble();
    return last < first ? -1 : first + (int) (place * (last - first + 1));
  }
}
