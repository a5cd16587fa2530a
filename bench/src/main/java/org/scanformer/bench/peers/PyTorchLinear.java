package org.scanformer.bench.peers;

import org.bytedeco.pytorch.Tensor;

/** A linear layer with what follows it. Not safe for use by several threads. */
interface PyTorchLinear extends AutoCloseable {
  /** x · Wᵀ + b, [..., in] to [..., out]. */
  Tensor apply(Tensor x);

  /** gelu(x · Wᵀ + b), the exact one. */
  Tensor gelu(Tensor x);

  /** relu(x · Wᵀ + b). */
  Tensor relu(Tensor x);

  /** sigmoid(x · Wᵀ + b). */
  Tensor sigmoid(Tensor x);

  /** x · Wᵀ + b + other. */
  Tensor add(Tensor x, Tensor other);

  @Override
  void close();
}
