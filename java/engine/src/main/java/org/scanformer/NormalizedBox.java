package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;

/**
 * A box relative to the image's width and height, as the box head gives it: all values in 0 to 1.
 * Immutable, so it is thread-safe. In JSON it is a list of its four values.
 *
 * @param centerX horizontal centre
 * @param centerY vertical centre
 * @param width extent along the width
 * @param height extent along the height
 */
public record NormalizedBox(float centerX, float centerY, float width, float height) {
  /** A box in pixels of an image of the given size, relative to it. */
  public static NormalizedBox of(Box box, int imageWidth, int imageHeight) {
    return new NormalizedBox(
        (float) ((box.x() + box.width() / 2) / imageWidth),
        (float) ((box.y() + box.height() / 2) / imageHeight),
        (float) (box.width() / imageWidth),
        (float) (box.height() / imageHeight));
  }

  /**
   * The same box in pixels of an image of the given size. It may reach over the image's edges, as
   * the head's output may.
   */
  public Box toPixels(int imageWidth, int imageHeight) {
    return new Box(
        (centerX - 0.5 * width) * imageWidth,
        (centerY - 0.5 * height) * imageHeight,
        (double) width * imageWidth,
        (double) height * imageHeight);
  }

  /** A box from the form of {@link #toList()}: centre x, centre y, width and height. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static NormalizedBox fromList(List<? extends Number> values) {
    if (values.size() != 4) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "A box relative to its image has 4 numbers, found " + values.size());
    }
    return new NormalizedBox(
        values.get(0).floatValue(),
        values.get(1).floatValue(),
        values.get(2).floatValue(),
        values.get(3).floatValue());
  }

  /** The box as it is in JSON: centre x, centre y, width and height. */
  @JsonValue
  public List<Float> toList() {
    return List.of(centerX, centerY, width, height);
  }

  /** Intersection over union with another box; 0 where both are empty. */
  public double intersectionOverUnion(NormalizedBox other) {
    double overlapX = overlap(centerX, width, other.centerX, other.width);
    double overlapY = overlap(centerY, height, other.centerY, other.height);
    double intersection = overlapX * overlapY;
    double union = (double) width * height + (double) other.width * other.height - intersection;
    return union > 0 ? intersection / union : 0;
  }

  private static double overlap(double centerA, double sizeA, double centerB, double sizeB) {
    double low = Math.max(centerA - sizeA / 2, centerB - sizeB / 2);
    double high = Math.min(centerA + sizeA / 2, centerB + sizeB / 2);
    return Math.max(0, high - low);
  }
}
