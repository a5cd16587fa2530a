package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.List;
import org.scanformer.Box;

/**
 * An image file that records name, with the transform of its boxes. Immutable.
 *
 * @param path the file
 * @param transform from the pixels that the data speaks of to upright pixels of the file
 */
record Picture(Path path, BoxTransform transform) {
  /** Pixels per row, as the data counts them. */
  int width() {
    return transform.width();
  }

  /** Rows, as the data counts them. */
  int height() {
    return transform.height();
  }

  /**
   * The part within the image of a box given by its corner and size, in upright pixels of the file.
   *
   * @param found the box as the data writes it, for messages
   * @throws RecordFault when no part of it is within the image, or it is not in pixels
   */
  Box box(double x, double y, double width, double height, String found) {
    return transform.part(x, y, width, height, found);
  }

  /** The same for a box given by its left, top, right and bottom edges. */
  Box corners(double left, double top, double right, double bottom, String found) {
    return box(left, top, right - left, bottom - top, found);
  }

  /**
   * The same for a box that is turned about a point: the upright box around it.
   *
   * @param degrees clockwise
   */
  Box turned(
      double x,
      double y,
      double width,
      double height,
      double degrees,
      double pivotX,
      double pivotY,
      String found) {
    if (degrees == 0 || !(width > 0 && height > 0)) {
      return box(x, y, width, height, found);
    }
    double cos = Math.cos(Math.toRadians(degrees));
    double sin = Math.sin(Math.toRadians(degrees));
    double left = Double.POSITIVE_INFINITY;
    double top = Double.POSITIVE_INFINITY;
    double right = Double.NEGATIVE_INFINITY;
    double bottom = Double.NEGATIVE_INFINITY;
    for (int corner = 0; corner < 4; corner++) {
      double fromX = x + (corner & 1) * width - pivotX;
      double fromY = y + (corner >> 1) * height - pivotY;
      double cornerX = pivotX + fromX * cos - fromY * sin;
      double cornerY = pivotY + fromX * sin + fromY * cos;
      left = Math.min(left, cornerX);
      top = Math.min(top, cornerY);
      right = Math.max(right, cornerX);
      bottom = Math.max(bottom, cornerY);
    }
    return corners(left, top, right, bottom, found);
  }

  /** The image with its known objects, in upright pixels of the file. */
  ImageFile image(List<ImageObject> objects) {
    ImageHeader header = transform.header();
    return new ImageFile(path, header.uprightWidth(), header.uprightHeight(), objects);
  }
}
