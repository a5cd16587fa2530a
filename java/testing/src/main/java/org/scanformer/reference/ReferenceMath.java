package org.scanformer.reference;

import java.util.Arrays;
import java.util.stream.IntStream;

/** The layers' arithmetic in float64, over rows of tokens: double[tokens][features]. */
final class ReferenceMath {
  private ReferenceMath() {}

  /** y = x W^T + b, with W [out, in] and b [out]. */
  static double[][] linear(double[][] x, double[] weight, double[] bias) {
    int out = bias.length;
    int in = weight.length / out;
    // W^T [in][out]: so the inner loop runs over neighbours, and every sum over "in" is in order.
    double[][] transposed = new double[in][out];
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        transposed[i][o] = weight[o * in + i];
      }
    }
    double[][] y = new double[x.length][];
    IntStream.range(0, x.length)
        .parallel()
        .forEach(
            token -> {
              double[] row = bias.clone();
              for (int i = 0; i < in; i++) {
                double xi = x[token][i];
                double[] wi = transposed[i];
                for (int o = 0; o < out; o++) {
                  row[o] += xi * wi[o];
                }
              }
              y[token] = row;
            });
    return y;
  }

  /**
   * Each row with its mean taken off, divided by its standard deviation, then scaled and shifted.
   */
  static double[][] layerNorm(double[][] x, double[] weight, double[] bias, double eps) {
    double[][] y = new double[x.length][];
    for (int token = 0; token < x.length; token++) {
      double[] row = x[token];
      double mean = 0;
      for (double value : row) {
        mean += value / row.length;
      }
      double variance = 0;
      for (double value : row) {
        variance += (value - mean) * (value - mean) / row.length;
      }
      y[token] = new double[row.length];
      for (int i = 0; i < row.length; i++) {
        y[token][i] = (row[i] - mean) / Math.sqrt(variance + eps) * weight[i] + bias[i];
      }
    }
    return y;
  }

  /**
   * Softmax attention of every token to the tokens 0 to visible[token] - 1, head by head; q, k and
   * v are [tokens][heads * d].
   */
  static double[][] attention(double[][] q, double[][] k, double[][] v, int heads, int[] visible) {
    int hidden = q[0].length;
    int d = hidden / heads;
    double[][] context = new double[q.length][hidden];
    IntStream.range(0, q.length)
        .parallel()
        .forEach(
            token -> {
              double[] weights = new double[visible[token]];
              for (int offset = 0; offset < hidden; offset += d) {
                for (int key = 0; key < weights.length; key++) {
                  double dot = 0;
                  for (int i = offset; i < offset + d; i++) {
                    dot += q[token][i] * k[key][i];
                  }
                  weights[key] = dot / Math.sqrt(d);
                }
                softmax(weights);
                for (int key = 0; key < weights.length; key++) {
                  for (int i = offset; i < offset + d; i++) {
                    context[token][i] += weights[key] * v[key][i];
                  }
                }
              }
            });
    return context;
  }

  private static void softmax(double[] logits) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double sum = 0;
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.exp(logits[i] - max);
      sum += logits[i];
    }
    for (int i = 0; i < logits.length; i++) {
      logits[i] /= sum;
    }
  }

  /** The exact GELU, x * Phi(x), of every element. */
  static double[][] gelu(double[][] x) {
    return Arrays.stream(x)
        .parallel()
        .map(row -> Arrays.stream(row).map(ReferenceMath::gelu).toArray())
        .toArray(double[][]::new);
  }

  private static double gelu(double x) {
    return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
  }

  /** max(x, 0) of every element. */
  static double[][] relu(double[][] x) {
    return Arrays.stream(x)
        .map(row -> Arrays.stream(row).map(value -> Math.max(value, 0)).toArray())
        .toArray(double[][]::new);
  }

  /** a + b, element by element. */
  static double[] add(double[] a, double[] b) {
    double[] sum = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }

  /** a + b, row by row. */
  static double[][] add(double[][] a, double[][] b) {
    double[][] sum = new double[a.length][];
    for (int token = 0; token < a.length; token++) {
      sum[token] = add(a[token], b[token]);
    }
    return sum;
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /**
   * The error function to about 1e-15. Abramowitz and Stegun, Handbook of Mathematical Functions,
   * chapter 7: the series 7.1.6, whose terms are all positive, near zero, and one minus the
   * continued fraction 7.1.14 of erfc further out.
   */
  static double erf(double x) {
    double z = Math.abs(x);
    double magnitude = z < 2 ? erfSeries(z) : 1 - erfcFraction(z);
    return x < 0 ? -magnitude : magnitude;
  }

  /** erf z = 2/sqrt(pi) exp(-z^2) (z + 2 z^3 / 3 + 4 z^5 / (3 * 5) + 8 z^7 / (3 * 5 * 7) + ...). */
  private static double erfSeries(double z) {
    double term = z;
    double sum = z;
    for (int n = 3; term > 1e-17 * sum; n += 2) {
      term *= 2 * z * z / n;
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
  }

  /** erfc z = exp(-z^2) / sqrt(pi) / (z + 1/2 / (z + 2/2 / (z + 3/2 / (z + 4/2 / (z + ...))))). */
  private static double erfcFraction(double z) {
    double denominator = z;
    for (int n = 100; n >= 1; n--) {
      denominator = z + n / 2.0 / denominator;
    }
    return Math.exp(-z * z) / Math.sqrt(Math.PI) / denominator;
  }
}
