package org.scanformer.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RandomModelTest {
  private static final String QUERY = "encoder.layer.3.attention.attention.query.weight";

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void activationsStayNearOneAndLogitsStraddleTheThreshold(long seed) throws IOException {
    double threshold = 0.35;
    ReferenceModel model =
        ReferenceModel.load(
            RandomModel.tiny().seed(seed).selectionThreshold(threshold).write(directory));
    List<ReferenceScale> scales =
        ReferenceScan.run(
            model,
            RandomExpression.of(seed, model.vocabSize, 8).ids(),
            ReferencePyramid.pixels(RandomImages.structured(seed, 200, 160)),
            ReferenceSelection.threshold(threshold));
    for (ReferenceScale scale : scales) {
      assertTrue(scale.largestR() > 1 && scale.largestR() < 10);
      for (double side : scale.box()) {
        assertTrue(side > 0.001 && side < 0.999, "a box at the sigmoid's end: " + side);
      }
    }
    for (ReferenceScale scale : scales.subList(1, scales.size())) {
      double part = (double) scale.selected() / scale.mask().length;
      assertTrue(part > 0.02 && part < 0.98, "part selected: " + part);
    }
  }

  @ParameterizedTest
  @CsvSource({"F16, 11", "BF16, 8"})
  void halfPrecisionRoundsToItsSignificantBits(RandomModel.Dtype dtype, int bits)
      throws IOException {
    RandomModel random = RandomModel.tiny().seed(9);
    double[] exact = ReferenceModel.load(random.write(directory)).tensor(QUERY);
    double[] rounded = ReferenceModel.load(random.dtype(dtype).write(directory)).tensor(QUERY);
    for (int i = 0; i < exact.length; i++) {
      // Half a unit in the last place, and the smallest normal half below which F16 has less.
      double tolerance = Math.max(Math.abs(exact[i]), 0x1p-14) * Math.scalb(1.0, -bits);
      assertEquals(exact[i], rounded[i], tolerance);
    }
  }

  @Test
  void everyHalfAndBfloat16SurvivesItsRoundTrip() {
    for (int i = 0; i < 1 << 16; i++) {
      short bits = (short) i;
      double half = HalfPrecision.halfToDouble(bits);
      if (Double.isFinite(half)) {
        assertEquals(bits, HalfPrecision.doubleToHalf(half));
      }
      double bfloat16 = HalfPrecision.bfloat16ToDouble(bits);
      if (Double.isFinite(bfloat16)) {
        assertEquals(bits, HalfPrecision.floatToBfloat16((float) bfloat16));
      }
    }
    assertEquals(1, HalfPrecision.halfToDouble((short) 0x3c00));
    assertEquals(65504, HalfPrecision.halfToDouble((short) 0x7bff));
    assertEquals(0x1p-24, HalfPrecision.halfToDouble((short) 1));
    assertEquals(0x3c00, HalfPrecision.doubleToHalf(1 + 0x1p-11)); // a tie goes to even
    assertEquals(0x3c02, HalfPrecision.doubleToHalf(1 + 3 * 0x1p-11));
    assertEquals(0x3f80, HalfPrecision.floatToBfloat16(1 + 0x1p-8f));
    assertEquals(0x3f82, HalfPrecision.floatToBfloat16(1 + 3 * 0x1p-8f));
  }

  @Test
  void theSameSeedGivesTheSameModelAndAnotherSeedAnother() throws IOException {
    double[] first = ReferenceModel.load(RandomModel.tiny().write(directory)).tensor(QUERY);
    double[] again = ReferenceModel.load(RandomModel.tiny().write(directory)).tensor(QUERY);
    double[] other = ReferenceModel.load(RandomModel.tiny().seed(2).write(directory)).tensor(QUERY);
    assertArrayEquals(first, again);
    assertTrue(first[0] != other[0]);
  }

  @Test
  void theViltPrefixDoesNotChangeTheTensors() throws IOException {
    double[] plain = ReferenceModel.load(RandomModel.tiny().write(directory)).tensor(QUERY);
    double[] prefixed =
        ReferenceModel.load(RandomModel.tiny().viltPrefix().write(directory)).tensor(QUERY);
    assertArrayEquals(plain, prefixed);
  }

  @Test
  void withoutAScoreHeadThereIsNoScore() throws IOException {
    ReferenceModel model =
        ReferenceModel.load(RandomModel.tiny().scoreHead(false).scales(1).write(directory));
    assertThrows(IllegalArgumentException.class, () -> model.tensor("score_head.weight"));
    double[][][] image = ReferencePyramid.pixels(RandomImages.structured(1, 40, 30));
    ReferenceScale only =
        ReferenceScan.run(model, new int[] {2, 5, 3}, image, ReferenceSelection.all()).get(0);
    assertTrue(Double.isNaN(only.score()));
  }

  @Test
  void expressionsAreTokenizedWordByWord() {
    RandomExpression expression = RandomExpression.of(11, 1000, 4);
    String[] words = expression.text().split(" ");
    assertEquals(4, words.length);
    assertEquals(6, expression.ids().length);
    assertEquals("[CLS]", RandomExpression.word(expression.ids()[0]));
    for (int i = 0; i < words.length; i++) {
      assertEquals(words[i], RandomExpression.word(expression.ids()[i + 1]));
    }
    assertEquals("[SEP]", RandomExpression.word(expression.ids()[5]));
  }
}
