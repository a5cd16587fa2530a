package org.scanformer.video;

import org.scanformer.Box;

/** Smooths a box's centre and size. Not safe for use by several threads. */
final class BoxSmoother {
  private final boolean smooths;
  private final OneEuroFilter centerX;
  private final OneEuroFilter centerY;
  private final OneEuroFilter width;
  private final OneEuroFilter height;

  /**
   * A smoother without a box.
   *
   * @param minCutoff in hertz; 0 for no smoothing
   * @param beta in hertz for a speed of the box's larger side in a second
   */
  BoxSmoother(double minCutoff, double beta) {
    smooths = minCutoff > 0;
    centerX = new OneEuroFilter(minCutoff, beta);
    centerY = new OneEuroFilter(minCutoff, beta);
    width = new OneEuroFilter(minCutoff, beta);
    height = new OneEuroFilter(minCutoff, beta);
  }

  /** Forgets the boxes before. */
  void reset() {
    centerX.reset();
    centerY.reset();
    width.reset();
    height.reset();
  }

  /**
   * The next box.
   *
   * @param seconds since the one before
   */
  Box smooth(Box box, double seconds) {
    double unit = Math.max(1, Math.max(box.width(), box.height()));
    double x = centerX.filter(box.centerX(), seconds, unit);
    double y = centerY.filter(box.centerY(), seconds, unit);
    double w = width.filter(box.width(), seconds, unit);
    double h = height.filter(box.height(), seconds, unit);
    return smooths ? new Box(x - w / 2, y - h / 2, w, h) : box;
  }

  /** Where a box will be, moving as before. */
  Box predict(Box box, double seconds) {
    return new Box(
        box.x() + seconds * centerX.speed(),
        box.y() + seconds * centerY.speed(),
        box.width(),
        box.height());
  }

  /** Pixels a second that the centre moves to the right. */
  double speedX() {
    return centerX.speed();
  }

  /** Pixels a second that the centre moves downwards. */
  double speedY() {
    return centerY.speed();
  }
}
