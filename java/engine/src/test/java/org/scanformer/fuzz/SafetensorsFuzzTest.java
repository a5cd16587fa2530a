package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.scanformer.ErrorCode;
import org.scanformer.internal.model.SafetensorsFile;

@Tag("fuzz")
class SafetensorsFuzzTest {
  /** Elements that are read of a tensor, so that an input of many takes no time. */
  private static final int MOST = 1000;

  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void readsOrRefuses(byte[] bytes) {
    Inputs.withFile(
        bytes,
        path ->
            Inputs.assertTakenOrRefused(
                Set.of(ErrorCode.BAD_MODEL),
                () -> {
                  try (SafetensorsFile file = SafetensorsFile.open(path)) {
                    for (SafetensorsFile.TensorInfo tensor : file.tensors().values()) {
                      BigInteger product = BigInteger.ONE;
                      for (long size : tensor.shape()) {
                        product = product.multiply(BigInteger.valueOf(size));
                      }
                      assertEquals(product, BigInteger.valueOf(tensor.elements()));
                      // At least a byte each, all of them in the file.
                      assertTrue(tensor.elements() <= bytes.length);
                      int elements = (int) Math.min(MOST, tensor.elements());
                      file.read(
                          tensor.name(),
                          tensor.elements() - elements,
                          ByteBuffer.allocateDirect(elements * Float.BYTES)
                              .order(ByteOrder.nativeOrder())
                              .asFloatBuffer());
                    }
                  }
                }));
  }
}
