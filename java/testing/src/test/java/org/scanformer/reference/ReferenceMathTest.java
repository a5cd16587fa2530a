package org.scanformer.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceMathTest {
  /**
   * Computed by mpmath with 30 digits; to their ten digits the values to 2 are those of table 7.1
   * of Abramowitz and Stegun, Handbook of Mathematical Functions.
   */
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.01, 0.011283415555849616916",
    "0.1, 0.1124629160182848922",
    "0.5, 0.52049987781304653768",
    "1, 0.84270079294971486934",
    "1.5, 0.96610514647531072707",
    "1.99, 0.99511141319961699724",
    "2, 0.99532226501895273416",
    "2.5, 0.99959304798255504106",
    "3, 0.99997790950300141456",
    "4, 0.99999998458274209972",
    "5, 0.99999999999846254021",
    "40, 1"
  })
  void erfHasTheTablesValues(double x, double erf) {
    assertEquals(erf, ReferenceMath.erf(x), 1e-15);
    assertEquals(-erf, ReferenceMath.erf(-x), 1e-15);
  }

  @Test
  void linearMultipliesByTheTransposedWeightAndAddsTheBias() {
    double[][] x = {{1, 2, 3}, {-1, 0, 1}};
    double[] weight = {1, 0, 2, /* second output */ 0, -1, 1};
    double[][] y = ReferenceMath.linear(x, weight, new double[] {10, 20});
    assertArrayEquals(new double[][] {{17, 21}, {11, 21}}, y);
  }

  @Test
  void layerNormUsesTheBiasedVarianceAndAddsEpsToIt() {
    double[][] x = {{1, 3}};
    double[][] y = ReferenceMath.layerNorm(x, new double[] {1, 2}, new double[] {0, 5}, 3);
    assertArrayEquals(new double[] {-0.5, 6}, y[0], 1e-15);
  }

  @Test
  void attentionWeighsOnlyVisibleTokensAndEachHeadByItself() {
    // Two heads of size 1. Head 0: equal logits; head 1: token 1 has the odds 3 to 1.
    double[][] q = {{0, 1}, {0, 1}};
    double[][] k = {{7, 0}, {8, Math.log(3)}};
    double[][] v = {{2, 4}, {6, 8}};
    double[][] context = ReferenceMath.attention(q, k, v, 2, new int[] {1, 2});
    assertArrayEquals(new double[] {2, 4}, context[0], 1e-15);
    assertArrayEquals(new double[] {4, 7}, context[1], 1e-14);
  }
}
