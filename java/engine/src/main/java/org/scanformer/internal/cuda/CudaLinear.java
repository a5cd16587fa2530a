package org.scanformer.internal.cuda;

import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.Tensor;

/**
 * A linear layer on the device.
 *
 * @param weights [out, in]
 * @param bias [1, out], fp32, or null
 */
record CudaLinear(Tensor weights, Tensor bias) implements Linear {
  @Override
  public int out() {
    return Math.toIntExact(weights.rows());
  }

  @Override
  public int in() {
    return weights.columns();
  }

  @Override
  public long bytes() {
    return weights.bytes() + (bias == null ? 0 : bias.bytes());
  }
}
