package org.scanformer.video;

/**
 * A Kalman filter of a coordinate that moves at a nearly constant speed: noise is averaged along
 * the way, so that what moves evenly is followed without lag. Not safe for use by several threads.
 */
final class ConstantVelocityFilter {
  private double value = Double.NaN;
  private double speed;

  /** The covariance of value and speed. */
  private double varValue;

  private double covariance;
  private double varSpeed;

  /** Forgets what was filtered. */
  void reset() {
    value = Double.NaN;
    speed = 0;
  }

  /**
   * Filters a value.
   *
   * @param seconds since the value before, more than 0
   * @param noise standard deviation of measured values
   * @param firstSpeed standard deviation of the speed when the first value comes, a second
   * @param acceleration standard deviation of the speed's change, a second squared
   */
  double filter(
      double measured, double seconds, double noise, double firstSpeed, double acceleration) {
    if (Double.isNaN(value)) {
      value = measured;
      varValue = noise * noise;
      covariance = 0;
      varSpeed = firstSpeed * firstSpeed;
      return value;
    }
    // A random acceleration for the time of a frame adds to value, speed and both together.
    double q = acceleration * acceleration * seconds * seconds;
    value += speed * seconds;
    varValue += seconds * (2 * covariance + seconds * (varSpeed + q / 4));
    covariance += seconds * (varSpeed + q / 2);
    varSpeed += q;
    double spread = varValue + noise * noise;
    double gain = varValue / spread;
    double speedGain = covariance / spread;
    double surprise = measured - value;
    value += gain * surprise;
    speed += speedGain * surprise;
    varSpeed -= speedGain * covariance;
    varValue *= 1 - gain;
    covariance *= 1 - gain;
    return value;
  }

  /** Units a second that the value changes by. */
  double speed() {
    return speed;
  }
}
