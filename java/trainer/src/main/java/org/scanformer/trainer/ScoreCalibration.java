package org.scanformer.trainer;

/**
 * Maps a score head's logit to a probability: sigmoid(scale · logit + bias) (Platt 1999).
 *
 * @param scale greater than 0
 */
record ScoreCalibration(double scale, double bias) {
  static final ScoreCalibration NONE = new ScoreCalibration(1, 0);

  private static final int STEPS = 50;

  /** Keeps the fit finite where the logits separate right from wrong without an error. */
  private static final double RIDGE = 1e-3;

  private static final double LEAST_SCALE = 1e-2;

  double probability(double logit) {
    return sigmoid(scale * logit + bias);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /**
   * The calibration under which outcomes are most likely: a logistic regression by Newton's method,
   * held near {@link #NONE} by a small penalty.
   *
   * @return NONE if there are no outcomes, or if a larger logit does not make success more likely
   */
  static ScoreCalibration fit(double[] logits, boolean[] right) {
    double a = NONE.scale;
    double b = NONE.bias;
    for (int step = 0; step < STEPS; step++) {
      double ga = RIDGE * (a - NONE.scale);
      double gb = RIDGE * (b - NONE.bias);
      double haa = RIDGE;
      double hab = 0;
      double hbb = RIDGE;
      for (int i = 0; i < logits.length; i++) {
        double p = sigmoid(a * logits[i] + b);
        double error = p - (right[i] ? 1 : 0);
        double weight = p * (1 - p);
        ga += error * logits[i];
        gb += error;
        haa += weight * logits[i] * logits[i];
        hab += weight * logits[i];
        hbb += weight;
      }
      double determinant = haa * hbb - hab * hab;
      double da = (hbb * ga - hab * gb) / determinant;
      double db = (haa * gb - hab * ga) / determinant;
      // A step of Newton's method may overshoot where most outcomes are certain.
      double shrink = Math.min(1, 2 / (Math.abs(da) + Math.abs(db) + 1e-12));
      a -= shrink * da;
      b -= shrink * db;
    }
    return Double.isFinite(a) && Double.isFinite(b) && a > LEAST_SCALE
        ? new ScoreCalibration(a, b)
        : NONE;
  }
}
