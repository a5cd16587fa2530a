package org.scanformer.trainer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;

/**
 * A change of an image and of the boxes in it: a part of it is cut out, then mirrored, then its
 * light and colours change. Immutable.
 *
 * @param left the first column of the part
 * @param top its first row
 * @param width its columns
 * @param height its rows
 * @param mirror whether left and right change places
 * @param light factor of all channels
 * @param contrast factor of the distance from middle grey
 * @param saturation factor of the distance from a pixel's own grey; 1 keeps colours
 */
record ImageChange(
    int left,
    int top,
    int width,
    int height,
    boolean mirror,
    double light,
    double contrast,
    double saturation) {
  /** The share of an object that must remain for it to count as there. */
  private static final double REMAINS = 0.4;

  /** The changed image; its objects are those that remain. */
  ImageSource of(ImageSource source) {
    List<ImageObject> objects = new ArrayList<>();
    for (ImageObject object : source.objects()) {
      Box box = box(object.box());
      if (box != null
          && box.width() * box.height() >= REMAINS * object.box().width() * object.box().height()) {
        objects.add(new ImageObject(box, object.category(), object.color(), object.texts()));
      }
    }
    return new Changed(source, this, List.copyOf(objects));
  }

  /** Boxes in the changed image, the parts of them that remain. */
  List<Box> boxes(List<Box> boxes) {
    return boxes.stream().map(this::box).filter(box -> box != null).toList();
  }

  /** Whether the whole box remains. */
  boolean keeps(Box box) {
    return box.x() >= left
        && box.y() >= top
        && box.x() + box.width() <= left + width
        && box.y() + box.height() <= top + height;
  }

  private Box box(Box box) {
    double x0 = Math.max(0, box.x() - left);
    double y0 = Math.max(0, box.y() - top);
    double x1 = Math.min(width, box.x() + box.width() - left);
    double y1 = Math.min(height, box.y() + box.height() - top);
    if (x1 <= x0 || y1 <= y0) {
      return null;
    }
    return new Box(mirror ? width - x1 : x0, y0, x1 - x0, y1 - y0);
  }

  private Image apply(Image image) {
    PixelFormat format = image.format();
    int bytes = format.bytesPerPixel();
    ByteBuffer from = image.pixels();
    byte[] to = new byte[width * height * bytes];
    int place = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = left + (mirror ? width - 1 - x : x);
        int pixel = (top + y) * image.rowStride() + column * bytes;
        double grey = 0;
        for (int c = 0; c < Math.min(3, bytes); c++) {
          grey += (from.get(pixel + c) & 255) / (double) Math.min(3, bytes);
        }
        for (int c = 0; c < bytes; c++) {
          double value = grey + saturation * ((from.get(pixel + c) & 255) - grey);
          value = light * (128 + contrast * (value - 128));
          to[place++] = (byte) Math.max(0, Math.min(255, Math.round(value)));
        }
      }
    }
    return Image.of(ByteBuffer.wrap(to), format, width, height);
  }

  private record Changed(ImageSource source, ImageChange change, List<ImageObject> objects)
      implements ImageSource {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public int width() {
      return change.width;
    }

    @Override
    public int height() {
      return change.height;
    }

    @Override
    public Image read() {
      return change.apply(source.read());
    }
  }
}
