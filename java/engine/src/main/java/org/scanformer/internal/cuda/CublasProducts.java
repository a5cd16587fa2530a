package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;

/**
 * Products by cuBLAS, on the backend's stream and in a workspace of its own that never grows, so
 * that they allocate nothing and can be recorded. Sums are fp32 in all types. Loading this class
 * needs the driver and cuBLAS.
 */
final class CublasProducts implements MatrixProducts {
  /** What NVIDIA recommends for Hopper; older devices need 4 MiB. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  private final cublasContext handle = new cublasContext();
  private final int compute;
  private final Pointer one;
  private final Pointer zero;

  /**
   * Opens cuBLAS on the calling thread's device.
   *
   * @param queue the cudaStream_t
   * @param workspace device memory of {@link #workspaceBytes()}, owned by the caller
   */
  CublasProducts(Pointer queue, Tensor workspace, Precision precision) {
    check("cublasCreate", cublas.cublasCreate_v2(handle));
    check("cublasSetStream", cublas.cublasSetStream_v2(handle, new CUstream_st(queue)));
    check(
        "cublasSetWorkspace",
        cublas.cublasSetWorkspace_v2(handle, workspace.pointer(), workspace.bytes()));
    compute =
        precision == Precision.TF32
            ? cublas.CUBLAS_COMPUTE_32F_FAST_TF32
            : cublas.CUBLAS_COMPUTE_32F;
    ByteBuffer factors = ByteBuffer.allocateDirect(2 * Float.BYTES).order(ByteOrder.nativeOrder());
    factors.putFloat(0, 1f);
    factors.putFloat(Float.BYTES, 0f);
    one = new Pointer(factors);
    zero = new Pointer(factors).position(Float.BYTES);
  }

  static long workspaceBytes() {
    return WORKSPACE_BYTES;
  }

  /** cuBLAS's version, "13.0.2" or the like; loads it. */
  static String version() {
    cublasContext context = new cublasContext();
    int[] version = new int[1];
    check("cublasCreate", cublas.cublasCreate_v2(context));
    check("cublasGetVersion", cublas.cublasGetVersion_v2(context, version));
    check("cublasDestroy", cublas.cublasDestroy_v2(context));
    return version[0] / 10000 + "." + version[0] / 100 % 100 + "." + version[0] % 100;
  }

  private static void check(String operation, int status) {
    if (status != cublas.CUBLAS_STATUS_SUCCESS) {
      throw new ScanFormerException(
          ErrorCode.DEVICE_ERROR,
          operation
              + ": cuBLAS error "
              + status
              + ", "
              + cublas.cublasGetStatusName(status).getString());
    }
  }

  private static int dataType(ElementType type) {
    return switch (type) {
      case F16 -> cudart.CUDA_R_16F;
      case BF16 -> cudart.CUDA_R_16BF;
      default -> cudart.CUDA_R_32F;
    };
  }

  @Override
  public void multiply(int rows, int out, int in, Tensor x, Tensor weight, Tensor y) {
    int type = dataType(weight.type());
    // cuBLAS counts columns first: row-major y = x · weightᵀ is its [out, rows] = weightᵀ · x.
    check(
        "cublasGemmEx of " + rows + " x " + in + " by " + out + " x " + in,
        cublas.cublasGemmEx(
            handle,
            cublas.CUBLAS_OP_T,
            cublas.CUBLAS_OP_N,
            out,
            rows,
            in,
            one,
            weight.pointer(),
            type,
            in,
            x.pointer(),
            type,
            in,
            zero,
            y.pointer(),
            dataType(y.type()),
            out,
            compute,
            cublas.CUBLAS_GEMM_DEFAULT));
  }

  @Override
  public void close() {
    check("cublasDestroy", cublas.cublasDestroy_v2(handle));
  }
}
