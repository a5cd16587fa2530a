package org.scanformer.internal.cuda;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/** Matrix products by the plain kernel: what the others are checked against. */
final class PlainMatmul implements Matmul {
  private final NativeStream stream;

  PlainMatmul(NativeStream stream) {
    this.stream = stream;
  }

  @Override
  public int algorithms(int rows, CudaLinear linear, Activation activation, Tensor y) {
    return 1;
  }

  @Override
  public void linear(
      int rows, CudaLinear linear, Tensor x, Activation activation, Tensor y, int algorithm) {
    stream.check(
        CudaApi.sf_plain_matmul(
            stream.pointer(),
            rows,
            linear.out(),
            linear.in(),
            linear.weights().type().code(),
            x.pointer(),
            linear.weights().pointer(),
            y.type().code(),
            y.pointer()));
    Matmul.finish(stream, rows, linear, activation, y);
  }

  @Override
  public void close() {}
}
