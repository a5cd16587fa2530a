package org.scanformer.internal.cuda;

import org.scanformer.internal.backend.Tensor;

/** Matrix products on a backend's stream. Not safe for use by several threads. */
interface MatrixProducts extends AutoCloseable {
  /**
   * y = x · weightᵀ, enqueued.
   *
   * @param x [rows, in] of the weight's type
   * @param weight [out, in]
   * @param y [rows, out], fp32 or of the weight's type
   */
  void multiply(int rows, int out, int in, Tensor x, Tensor weight, Tensor y);

  @Override
  void close();
}
