package org.scanformer.datasets;

import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Takes boxes from the size that a dataset gives an image to the upright pixels of its file, which
 * may be a resized copy, or stored turned with an EXIF orientation. Immutable.
 *
 * @param width the dataset's pixels per row
 * @param height the dataset's rows
 * @param header what the file has
 * @param stored whether the dataset's coordinates are those of the pixels as stored
 */
record BoxTransform(int width, int height, ImageHeader header, boolean stored) {
  /**
   * The transform for an image. A size that fits the upright and the stored pixels alike is taken
   * for upright, exact sizes before resized ones.
   *
   * @param width as the dataset says, at least 1
   * @param height as the dataset says, at least 1
   * @throws ScanFormerException BAD_INPUT when the aspect ratios differ
   */
  static BoxTransform of(int width, int height, ImageHeader header, String name) {
    boolean upright = width == header.uprightWidth() && height == header.uprightHeight();
    boolean stored = width == header.width() && height == header.height();
    if (!upright && !stored) {
      upright = sameAspect(width, height, header.uprightWidth(), header.uprightHeight());
      stored = sameAspect(width, height, header.width(), header.height());
    }
    if (!upright && !stored) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          String.format(
              Locale.ROOT,
              "the image file %s has %dx%d pixels, expected %dx%d or another size of that aspect"
                  + " ratio",
              name,
              header.uprightWidth(),
              header.uprightHeight(),
              width,
              height));
    }
    return new BoxTransform(width, height, header, !upright);
  }

  /** The transform for an image whose size only its file tells. */
  static BoxTransform ofFile(ImageHeader header) {
    return new BoxTransform(header.uprightWidth(), header.uprightHeight(), header, false);
  }

  /** Whether one size is the other times a factor, but for rounding to whole pixels. */
  private static boolean sameAspect(long width, long height, long otherWidth, long otherHeight) {
    return Math.abs(width * otherHeight - height * otherWidth) <= Math.max(width, height);
  }

  /**
   * The part within the image of a box given by its corner and size, in upright pixels of the file.
   *
   * @param found the box as the data writes it, for messages
   * @throws RecordFault when no part of it is within the image, or it is not in pixels
   */
  Box part(double x, double y, double w, double h, String found) {
    Box box = ImageFile.clip(x, y, w, h, width, height);
    if (box == null) {
      throw new RecordFault(
          BadRecord.Kind.BOX,
          String.format(
              Locale.ROOT,
              "expected a box within the %dx%d pixels of the image, found %s",
              width,
              height,
              found));
    }
    if (box.right() <= 1 && box.bottom() <= 1 && width > 2 && height > 2) {
      throw new RecordFault(
          BadRecord.Kind.BOX,
          "expected a box in pixels, found "
              + found
              + ", which lies in the first pixel, as shares of the image's sides do");
    }
    return apply(box);
  }

  /** A box in upright pixels of the file. */
  private Box apply(Box box) {
    if (!stored) {
      return scaled(box, header.uprightWidth(), header.uprightHeight());
    }
    Box raw = scaled(box, header.width(), header.height());
    int orientation = header.orientation();
    boolean swaps = header.swapsSides();
    double x = swaps ? raw.y() : raw.x();
    double y = swaps ? raw.x() : raw.y();
    double w = swaps ? raw.height() : raw.width();
    double h = swaps ? raw.width() : raw.height();
    boolean mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    boolean flipped = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    return new Box(
        mirrored ? header.uprightWidth() - x - w : x,
        flipped ? header.uprightHeight() - y - h : y,
        w,
        h);
  }

  private Box scaled(Box box, int toWidth, int toHeight) {
    if (toWidth == width && toHeight == height) {
      return box;
    }
    double x = (double) toWidth / width;
    double y = (double) toHeight / height;
    return new Box(box.x() * x, box.y() * y, box.width() * x, box.height() * y);
  }
}
