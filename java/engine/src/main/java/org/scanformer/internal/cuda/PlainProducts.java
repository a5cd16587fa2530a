package org.scanformer.internal.cuda;

import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaKernels;

/** Products by the plain kernel: what cuBLAS is checked against. */
final class PlainProducts implements MatrixProducts {
  private final Pointer stream;

  PlainProducts(Pointer stream) {
    this.stream = stream;
  }

  @Override
  public boolean multiply(
      int rows,
      int out,
      int in,
      Tensor x,
      Tensor weight,
      Tensor bias,
      Activation activation,
      Tensor y) {
    CudaBackend.check(
        stream,
        CudaKernels.sf_plain_product(
            stream,
            rows,
            out,
            in,
            weight.type().code(),
            x.pointer(),
            weight.pointer(),
            y.type().code(),
            y.pointer()));
    return bias == null && activation == Activation.IDENTITY;
  }

  @Override
  public void close() {}
}
