package org.scanformer.trainer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;

/**
 * Changes images so that their expressions stay true: a mirror image if the expression does not
 * mention left or right, and slightly more or less light. Colours keep their names. Images are not
 * cropped: that could remove what makes an object the leftmost one.
 */
final class Augmentation {
  private static final double LIGHT = 0.15;

  /** Words for directions, including common spellings. */
  private static final Set<String> SIDES =
      Set.of("l", "r", "lft", "lef", "rt", "rgt", "rite", "rht", "east", "west", "clock", "oclock");

  private Augmentation() {}

  /** Whether the expression stays true in a mirror image. */
  static boolean maySwapSides(String expression) {
    for (String word : expression.toLowerCase(Locale.ROOT).split("[^a-z]+")) {
      if (word.contains("left") || word.contains("right") || SIDES.contains(word)) {
        return false;
      }
    }
    return true;
  }

  /** A pair with a changed image. */
  static ReferringPair augment(ReferringPair pair, SplittableRandom random) {
    boolean mirror = random.nextBoolean() && maySwapSides(pair.expression());
    double light = 1 + LIGHT * (2 * random.nextDouble() - 1);
    ImageSource source = new Changed(pair.image(), mirror, light);
    int width = pair.image().width();
    return new ReferringPair(
        pair.id(),
        source,
        pair.expression(),
        mirror ? mirrored(pair.targets(), width) : pair.targets(),
        pair.kind(),
        mirror ? mirrored(pair.landmarks(), width) : pair.landmarks());
  }

  private static List<Box> mirrored(List<Box> boxes, int width) {
    return boxes.stream().map(box -> mirrored(box, width)).toList();
  }

  private static Box mirrored(Box box, int width) {
    return new Box(width - box.x() - box.width(), box.y(), box.width(), box.height());
  }

  private record Changed(ImageSource source, boolean mirror, double light) implements ImageSource {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public int width() {
      return source.width();
    }

    @Override
    public int height() {
      return source.height();
    }

    @Override
    public List<ImageObject> objects() {
      List<ImageObject> objects = new ArrayList<>();
      for (ImageObject object : source.objects()) {
        Box box = mirror ? mirrored(object.box(), width()) : object.box();
        objects.add(new ImageObject(box, object.category(), object.color()));
      }
      return objects;
    }

    @Override
    public Image read() {
      Image image = source.read();
      PixelFormat format = image.format();
      int bytes = format.bytesPerPixel();
      ByteBuffer from = image.pixels();
      byte[] to = new byte[image.width() * image.height() * bytes];
      int place = 0;
      for (int y = 0; y < image.height(); y++) {
        for (int x = 0; x < image.width(); x++) {
          int column = mirror ? image.width() - 1 - x : x;
          for (int c = 0; c < bytes; c++) {
            int value = from.get(y * image.rowStride() + column * bytes + c) & 255;
            to[place++] = (byte) Math.min(255, Math.round(value * light));
          }
        }
      }
      return Image.of(ByteBuffer.wrap(to), format, image.width(), image.height());
    }
  }
}
