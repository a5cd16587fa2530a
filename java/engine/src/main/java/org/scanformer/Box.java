package org.scanformer;

/**
 * A box in pixels of the image as it was given, after EXIF orientation. The origin is the image's
 * top left corner. Immutable, so it is thread-safe.
 *
 * @param x left edge
 * @param y top edge
 * @param width extent to the right
 * @param height extent downwards
 */
public record Box(double x, double y, double width, double height) {
  /** The right edge, {@code x + width}. */
  public double right() {
    return x + width;
  }

  /** The bottom edge, {@code y + height}. */
  public double bottom() {
    return y + height;
  }

  /** Horizontal centre. */
  public double centerX() {
    return x + width / 2;
  }

  /** Vertical centre. */
  public double centerY() {
    return y + height / 2;
  }

  /** Square pixels; 0 if a side is 0 or negative. */
  public double area() {
    return Math.max(0, width) * Math.max(0, height);
  }

  /**
   * The part of this box that lies within an image. A model's box may reach over the edges.
   *
   * @param imageWidth in pixels
   * @param imageHeight in pixels
   * @return a box within 0 to the image's size; of width or height 0 if this one lies outside
   */
  public Box clip(int imageWidth, int imageHeight) {
    double left = within(x, imageWidth);
    double top = within(y, imageHeight);
    return new Box(
        left, top, within(right(), imageWidth) - left, within(bottom(), imageHeight) - top);
  }

  private static double within(double value, int size) {
    return Math.max(0, Math.min(value, size));
  }

  /** Intersection over union (IoU) with another box, 0 to 1; 0 where both are empty. */
  public double intersectionOverUnion(Box other) {
    double across = Math.min(right(), other.right()) - Math.max(x, other.x);
    double down = Math.min(bottom(), other.bottom()) - Math.max(y, other.y);
    double intersection = Math.max(0, across) * Math.max(0, down);
    double union = area() + other.area() - intersection;
    return union > 0 ? intersection / union : 0;
  }
}
