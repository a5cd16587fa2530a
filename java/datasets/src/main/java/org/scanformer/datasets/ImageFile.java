package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;

/**
 * An image in a file.
 *
 * @param path the file
 * @param width of the upright image, as the file's header says
 * @param height of the upright image, as the file's header says
 * @param objects in upright pixels of the file
 */
record ImageFile(Path path, int width, int height, List<ImageObject> objects)
    implements ImageSource {
  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public Image read() {
    Image image = Image.read(path);
    if (image.width() != width || image.height() != height) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          String.format(
              Locale.ROOT,
              "image %s: found %dx%d pixels, expected the %dx%d that its header had",
              path,
              image.width(),
              image.height(),
              width,
              height));
    }
    return image;
  }

  /** The part of a box within an image, or null if there is none. */
  static Box clip(double x, double y, double w, double h, int width, int height) {
    double left = Math.max(0, x);
    double top = Math.max(0, y);
    double right = Math.min(width, x + w);
    double bottom = Math.min(height, y + h);
    // Written so that a NaN is refused.
    return right > left && bottom > top ? new Box(left, top, right - left, bottom - top) : null;
  }
}
