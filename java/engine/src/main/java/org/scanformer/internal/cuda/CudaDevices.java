package org.scanformer.internal.cuda;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.files.NativeLibraries;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Finds the CUDA devices and what is needed to use them, and says in words what is missing.
 * Thread-safe.
 *
 * <p>The presets of cuBLAS are only touched once our own library has found a device: without a
 * driver they cannot even be loaded.
 */
public final class CudaDevices {
  /**
   * Matrix products by the plain kernel in place of cuBLAS: where kernels are emulated, and to
   * check cuBLAS against it.
   */
  static final String PLAIN_MATMUL_PROPERTY = "org.scanformer.cuda.plainMatmul";

  private CudaDevices() {}

  /**
   * A report for each device, or one that says why there is none. Never throws: what goes wrong is
   * in the reports.
   */
  public static List<DeviceReport> probe() {
    List<DeviceReport> reports = new ArrayList<>();
    reports.add(probe(0));
    while (reports.get(reports.size() - 1).usable()) {
      DeviceReport next = probe(reports.size());
      if (!next.usable()) {
        break;
      }
      reports.add(next);
    }
    return reports;
  }

  /** What is found of one device, counted from 0 among those that are visible. Never throws. */
  public static DeviceReport probe(int device) {
    try {
      NativeStream.Probe found =
          NativeLibraries.load(() -> NativeStream.probe(CudaApi.sf_cuda_backend(), device));
      List<String> details = new ArrayList<>(found.details());
      boolean usable = found.usable();
      if (usable && !plainMatmul()) {
        usable = addCublas(details);
      }
      return new DeviceReport(BackendKind.CUDA, device, usable, details);
    } catch (LinkageError e) {
      return new DeviceReport(BackendKind.CUDA, device, false, List.of(e.getMessage()));
    }
  }

  static boolean plainMatmul() {
    return Boolean.getBoolean(PLAIN_MATMUL_PROPERTY);
  }

  /** Adds cuBLAS's version, or what is missing and how to get it; whether it is there. */
  private static boolean addCublas(List<String> details) {
    try {
      details.add("cublas=" + NativeLibraries.load(CublasLtMatmul::version));
      return true;
    } catch (ScanFormerException e) {
      details.add("cuBLAS does not start: " + e.getMessage());
    } catch (LinkageError e) {
      details.add(
          "cuBLAS of CUDA 13 (libcublas.so.13, libcublasLt.so.13, and libcudart.so.13) could not be"
              + " loaded: "
              + rootCause(e)
              + ". Install the CUDA 13 toolkit, or its packages cuda-cudart and libcublas, and put"
              + " their folder on LD_LIBRARY_PATH or in the system's library path");
    }
    return false;
  }

  private static Throwable rootCause(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
