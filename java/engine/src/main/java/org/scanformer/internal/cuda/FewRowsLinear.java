package org.scanformer.internal.cuda;

import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Our own linear layers of very few rows in fp32, such as the heads on the [REG] tokens: one launch
 * each, with bias and activation. Used by one thread at a time.
 */
final class FewRowsLinear {
  /** With more rows, a library that reads the weights less often wins. */
  private static final int MAX_ROWS = 8;

  private final NativeStream stream;

  FewRowsLinear(NativeStream stream) {
    this.stream = stream;
  }

  /** Whether a layer can and should be computed here. */
  boolean takes(int rows, CudaLinear linear, Tensor y) {
    return rows <= MAX_ROWS
        && linear.weights().type() == ElementType.F32
        && y.type() == ElementType.F32
        && linear.in() % 4 == 0;
  }

  /** y = activation(x · weightsᵀ + bias), enqueued. */
  void linear(int rows, CudaLinear linear, Tensor x, Activation activation, Tensor y) {
    Pointer bias = linear.bias() == null ? null : linear.bias().pointer();
    stream.check(
        CudaApi.sf_few_rows_linear(
            stream.pointer(),
            rows,
            linear.out(),
            linear.in(),
            x.pointer(),
            linear.weights().pointer(),
            bias,
            activation.ordinal(),
            y.pointer()));
  }
}
