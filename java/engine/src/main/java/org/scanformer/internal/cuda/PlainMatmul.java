package org.scanformer.internal.cuda;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/** Matrix products by the plain kernel: what cuBLAS is checked against. */
final class PlainMatmul implements Matmul {
  private final NativeStream stream;

  PlainMatmul(NativeStream stream) {
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
    stream.check(
        CudaApi.sf_plain_matmul(
            stream.pointer(),
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
