package org.scanformer.video;

import org.scanformer.Box;

/**
 * Smooths a box's centre along its motion, and its size, which changes slowly. All constants are
 * relative to the box's larger side. Not safe for use by several threads.
 */
final class BoxSmoother {
  /** Sides a second that an object may move at when it is first seen. */
  private static final double FIRST_SPEED = 2;

  /** How fast an object at rest may be set in motion, in sides a second squared. */
  private static final double ACCELERATION_AT_REST = 1;

  /** What moves faster also turns faster: this much acceleration for a speed of 1. */
  private static final double ACCELERATION_BY_SPEED = 10;

  /** The speed is that of a smoothed centre, even where the box itself is not smoothed. */
  private static final double NOISE_FOR_SPEED = 0.015;

  /** In hertz; far lower than a centre's, as the size of most objects hardly changes. */
  private static final double SIZE_CUTOFF = 0.2;

  /** In hertz for a size that doubles in a second. */
  private static final double SIZE_BETA = 6;

  private final double noise;
  private final ConstantVelocityFilter centerX = new ConstantVelocityFilter();
  private final ConstantVelocityFilter centerY = new ConstantVelocityFilter();
  private final OneEuroFilter width = new OneEuroFilter(SIZE_CUTOFF, SIZE_BETA);
  private final OneEuroFilter height = new OneEuroFilter(SIZE_CUTOFF, SIZE_BETA);

  /**
   * A smoother without a box.
   *
   * @param noise standard deviation of measured centres; 0 for no smoothing
   */
  BoxSmoother(double noise) {
    this.noise = noise;
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
    double acceleration =
        ACCELERATION_AT_REST * unit
            + ACCELERATION_BY_SPEED * Math.hypot(centerX.speed(), centerY.speed());
    double centerNoise = (noise > 0 ? noise : NOISE_FOR_SPEED) * unit;
    double firstSpeed = FIRST_SPEED * unit;
    double x = centerX.filter(box.centerX(), seconds, centerNoise, firstSpeed, acceleration);
    double y = centerY.filter(box.centerY(), seconds, centerNoise, firstSpeed, acceleration);
    double w = width.filter(box.width(), seconds, unit);
    double h = height.filter(box.height(), seconds, unit);
    return noise > 0 ? new Box(x - w / 2, y - h / 2, w, h) : box;
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
