package org.scanformer.internal.cuda;

import org.scanformer.DeviceReport;
import org.scanformer.Precision;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/** Opens a backend's linear layers, and allocates the workspaces that they need. */
final class ProductSetup {
  private final CudaBackend backend;
  private long bytes;

  ProductSetup(CudaBackend backend) {
    this.backend = backend;
  }

  /** Bytes of the workspaces. */
  long bytes() {
    return bytes;
  }

  /** The linear layers on a device, as the system properties ask for them. */
  CudaProducts open(DeviceReport report) {
    Matmul plain = new PlainMatmul(backend.stream());
    FewRowsLinear fewRows = new FewRowsLinear(backend.stream());
    if (CudaDevices.plainMatmul()) {
      return new CudaProducts(plain, null, fewRows, CudaProducts.Policy.CUBLAS, null, null);
    }
    CudaProducts.Policy policy = CudaDevices.matmulPolicy();
    long needed = CublasLtMatmul.workspaceBytes();
    if (policy == CudaProducts.Policy.TIMED) {
      // It is written before each trial, so that nothing else stays in the L2 cache.
      needed = Math.max(needed, 2 * CudaDevices.l2Bytes(report.device()));
    }
    Tensor workspace = allocate("cuBLAS's workspace", needed);
    return new CudaProducts(
        new CublasLtMatmul(
            report.device(), backend.stream(), workspace, plain, backend.precision()),
        openTensorMatmul(report),
        fewRows,
        policy,
        new MatmulTimer(backend.stream(), workspace)::time,
        CudaDevices.matmulChoices(report, backend.precision()));
  }

  /** Null for fp32, which tensor cores do not have. */
  private TensorMatmul openTensorMatmul(DeviceReport report) {
    if (backend.precision() == Precision.FP32) {
      return null;
    }
    Tensor workspace = allocate("the workspace of products", CudaApi.sf_tensor_matmul_workspace());
    int multiprocessors =
        Integer.parseInt(report.properties().getOrDefault("multiprocessors", "1"));
    return new TensorMatmul(backend.stream(), workspace, backend.computeType(), multiprocessors);
  }

  private Tensor allocate(String name, long size) {
    Tensor workspace = new Tensor(name, ElementType.U8, size, 1);
    backend.allocate(workspace);
    bytes += workspace.bytes();
    return workspace;
  }
}
