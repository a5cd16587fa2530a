package org.scanformer.internal.cuda;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Tensor;

/** Matrix products on a backend's stream. Used by one thread at a time. */
interface Matmul extends AutoCloseable {
  /**
   * y = activation(x · weightᵀ + bias), enqueued; or y = x · weightᵀ, where the rest cannot be had
   * with it exactly.
   *
   * @param x [rows, in] of the weight's type
   * @param weight [out, in]
   * @param bias [out], fp32, or null
   * @param y [rows, out], fp32 or of the weight's type
   * @return whether bias and activation are done
   */
  boolean multiply(
      int rows,
      int out,
      int in,
      Tensor x,
      Tensor weight,
      Tensor bias,
      Activation activation,
      Tensor y);

  @Override
  void close();
}
