package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Attention within pairs of different lengths is that of each pair alone. */
@SuppressWarnings("try") // scopes work by being open
class PairAttentionTest {
  private static final Device CPU = new Device("cpu");
  private static final int PAIRS = 40;
  private static final int SEGMENTS = 3;
  private static final int HEADS = 2;
  private static final int SIZE = 4;
  private static final int WIDTH = HEADS * SIZE;

  @BeforeAll
  static void start() {
    Torch.start(null, false);
  }

  private static TokenLayout layout() {
    SplittableRandom random = new SplittableRandom(3);
    TokenLayout layout = new TokenLayout(PAIRS);
    for (int s = 0; s < SEGMENTS; s++) {
      double[] counts = random.doubles(PAIRS, 1, 9).toArray();
      layout.add(random.ints(PAIRS, 1, 9).toArray(), counts);
    }
    return layout;
  }

  private static float[] random(int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Tensor tensor(float[] values, int fromRow) {
    float[] part = java.util.Arrays.copyOfRange(values, fromRow * WIDTH, values.length);
    return Torch.of(CPU, part, part.length / WIDTH, WIDTH);
  }

  @Test
  void equalsTheAttentionOfEachPairAlone() {
    TokenLayout layout = layout();
    float[] q = random(layout.rows(), 4);
    float[] k = random(layout.rows(), 5);
    float[] v = random(layout.rows(), 6);
    for (int first = 0; first < SEGMENTS; first++) {
      int base = layout.begin(first, 0);
      for (ScalarType type : new ScalarType[] {ScalarType.Float, ScalarType.BFloat16}) {
        float[] result;
        try (PointerScope scope = new PointerScope()) {
          PairAttention attention = new PairAttention(layout, first, CPU, type);
          assertEquals(layout.rows() - base, attention.queries());
          Tensor all =
              attention.apply(
                  tensor(q, base).to(type), tensor(k, 0).to(type), tensor(v, 0).to(type), HEADS);
          result = Torch.floats(all);
        }
        double tolerance = type == ScalarType.Float ? 1e-5 : 0.05;
        for (int s = first; s < SEGMENTS; s++) {
          for (int pair = 0; pair < PAIRS; pair++) {
            for (int row = layout.begin(s, pair); row < layout.begin(s, pair + 1); row++) {
              for (int j = 0; j < WIDTH; j++) {
                double expected = attend(layout, q, k, v, s, pair, row, j);
                assertEquals(expected, result[(row - base) * WIDTH + j], tolerance, "pair " + pair);
              }
            }
          }
        }
      }
    }
  }

  /** A column of the result of one query, by the definition. */
  private static double attend(
      TokenLayout layout, float[] q, float[] k, float[] v, int segment, int pair, int row, int j) {
    double sum = 0;
    double weights = 0;
    int head = j / SIZE * SIZE;
    for (int s = 0; s <= segment; s++) {
      int end = layout.begin(s, pair + 1);
      for (int key = layout.begin(s, pair); key < end; key++) {
        double dot = 0;
        for (int c = head; c < head + SIZE; c++) {
          dot += q[row * WIDTH + c] * k[key * WIDTH + c];
        }
        double count = key == end - 1 ? layout.lastCount(s, pair) : 1;
        double weight = count * Math.exp(dot / Math.sqrt(SIZE));
        weights += weight;
        sum += weight * v[key * WIDTH + j];
      }
    }
    return sum / weights;
  }
}
