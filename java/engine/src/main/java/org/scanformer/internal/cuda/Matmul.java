package org.scanformer.internal.cuda;

import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Linear layers of any number of rows on a backend's stream, by one of several algorithms. Used by
 * one thread at a time.
 */
interface Matmul extends AutoCloseable {
  /** Algorithms that a product can be computed by, at least one; they are numbered from 0. */
  int algorithms(int rows, CudaLinear linear, Activation activation, Tensor y);

  /**
   * y = activation(x · weightsᵀ + bias), enqueued.
   *
   * @param rows what the arrays have room for once the backend has rounded it up
   * @param x [rows, in] of the weights' type
   * @param y [rows, out], fp32 or of the weights' type
   * @param algorithm its number; a later one than there is stands for the last
   */
  void linear(
      int rows, CudaLinear linear, Tensor x, Activation activation, Tensor y, int algorithm);

  /** Bias and activation of sums that are in y already. */
  static void finish(
      NativeStream stream, int rows, CudaLinear linear, Activation activation, Tensor y) {
    if (linear.bias() == null && activation == Activation.IDENTITY) {
      return;
    }
    Pointer bias = linear.bias() == null ? null : linear.bias().pointer();
    stream.check(
        CudaApi.sf_bias_activation(
            stream.pointer(),
            rows,
            linear.out(),
            bias,
            activation.ordinal(),
            y.type().code(),
            y.pointer()));
  }

  @Override
  void close();
}
