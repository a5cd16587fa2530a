package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays that become tensors. */
class TorchTest {
  private static final Device CPU = new Device("cpu");

  /** Around the length of the pieces that are copied at once, and several of them. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 200_001})
  void valuesAreCopied(int length) {
    float[] floats = new float[length];
    long[] longs = new long[length];
    for (int i = 0; i < length; i++) {
      floats[i] = i + 0.5f;
      longs[i] = (1L << 40) + i;
    }
    try (Tensor copied = Torch.of(CPU, floats, length);
        Tensor copiedLongs = Torch.of(CPU, longs, 1, length)) {
      assertArrayEquals(floats, Torch.floats(copied));
      long[] found = new long[length];
      if (length > 0) {
        copiedLongs.data_ptr_long().get(found);
      }
      assertArrayEquals(longs, found);
      assertArrayEquals(new long[] {1, length}, copiedLongs.sizes().vec().get());
    }
  }

  @Test
  void namesAShapeThatDoesNotFit() {
    IllegalArgumentException wrong =
        assertThrows(IllegalArgumentException.class, () -> Torch.of(CPU, new float[5], 2, 3));
    assertTrue(
        wrong.getMessage().contains("found 5 values for the shape [2, 3]"), wrong.getMessage());
  }
}
