package org.scanformer.internal.cuda;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.DeviceFacts;
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

  /** How matrix products are chosen: timed (the default), own, cublas or mixed. */
  static final String MATMUL_PROPERTY = "org.scanformer.cuda.matmul";

  /** The file that keeps the choices of matrix products. */
  static final String MATMUL_CHOICES_PROPERTY = "org.scanformer.cuda.matmulChoices";

  /**
   * Bytes of the L2 cache; asked of the device where it is not set, by a library that emulated
   * devices do without.
   */
  static final String L2_BYTES_PROPERTY = "org.scanformer.cuda.l2Bytes";

  private static final String BINDINGS = "org.bytedeco.cuda.global.cublas";

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
    DeviceFacts facts = new DeviceFacts(BackendKind.CUDA, device);
    try {
      facts.add(NativeLibraries.load(() -> NativeStream.probe(CudaApi.sf_cuda_backend(), device)));
      if (facts.usable() && !plainMatmul()) {
        addCublas(facts);
      }
    } catch (LinkageError e) {
      facts.reason(explain(e));
    }
    return facts.report(CudaDevices::precisions);
  }

  /** Why the library does not load; a build may lack it for a platform that the CPU backend has. */
  private static String explain(LinkageError error) {
    String platform =
        System.getProperty("org.bytedeco.javacpp.platform", Loader.Detector.getPlatform());
    return hasLibrary(platform)
        ? error.getMessage()
        : "this build of scanformer-native has no CUDA backend for " + platform;
  }

  /** Whether the library is beside its class; true where there is no class either. */
  private static boolean hasLibrary(String platform) {
    String name = platform + "/" + System.mapLibraryName("jniscanformer_cuda");
    try {
      return CudaApi.class.getResource(name) != null;
    } catch (LinkageError e) {
      return true;
    }
  }

  /** Tensor cores have bf16 and TensorFloat-32 from compute capability 8.0 on. */
  private static List<Precision> precisions(Map<String, String> properties) {
    String capability = properties.getOrDefault("capability", "0");
    boolean ampere = Integer.parseInt(capability.replaceFirst("[.].*", "")) >= 8;
    return ampere
        ? List.of(Precision.BF16, Precision.FP16, Precision.TF32, Precision.FP32)
        : List.of(Precision.FP16, Precision.FP32);
  }

  static boolean plainMatmul() {
    return Boolean.getBoolean(PLAIN_MATMUL_PROPERTY);
  }

  /**
   * How matrix products are chosen.
   *
   * @throws ScanFormerException BAD_INPUT for a property that names none
   */
  static CudaProducts.Policy matmulPolicy() {
    String name = System.getProperty(MATMUL_PROPERTY, "timed");
    for (CudaProducts.Policy policy : CudaProducts.Policy.values()) {
      if (policy.name().equalsIgnoreCase(name)) {
        return policy;
      }
    }
    throw new ScanFormerException(
        ErrorCode.BAD_INPUT,
        MATMUL_PROPERTY + ": expected timed, own, cublas or mixed, found \"" + name + "\"");
  }

  /** Bytes of a device's L2 cache; 0 where it does not tell. Needs the presets' libraries. */
  static long l2Bytes(int device) {
    Long set = Long.getLong(L2_BYTES_PROPERTY);
    if (set != null) {
      return set;
    }
    int[] bytes = new int[1];
    int status = cudart.cudaDeviceGetAttribute(bytes, cudart.cudaDevAttrL2CacheSize, device);
    return status == cudart.cudaSuccess ? bytes[0] : 0;
  }

  /** The process's choices for a device in a precision. */
  static MatmulChoices matmulChoices(DeviceReport report, Precision precision) {
    String path = System.getProperty(MATMUL_CHOICES_PROPERTY);
    return MatmulChoices.ofProcess(
        path == null ? null : Path.of(path),
        report.name() + ", cuBLAS " + report.properties().get("cublas"),
        precision);
  }

  /** Adds cuBLAS's version, or what is missing and how to get it. */
  private static void addCublas(DeviceFacts facts) {
    if (!bindingsArePresent()) {
      facts.reason(
          "the bindings of cuBLAS ("
              + BINDINGS
              + ") are missing: add the artifact org.scanformer:scanformer-cuda to the application;"
              + " a modular application also requires the module org.scanformer.cuda");
      return;
    }
    try {
      facts.property("cublas", NativeLibraries.load(CublasLtMatmul::version));
    } catch (ScanFormerException e) {
      facts.reason("cuBLAS does not start: " + e.getMessage());
    } catch (LinkageError e) {
      facts.reason(
          "cuBLAS of CUDA 13 (libcublas.so.13, libcublasLt.so.13, and libcudart.so.13) could not be"
              + " loaded: "
              + rootCause(e)
              + ". Install the CUDA 13 toolkit, or its packages cuda-cudart and libcublas, and put"
              + " their folder on LD_LIBRARY_PATH or in the system's library path");
    }
  }

  /** They are optional: an application for the CPU does without. */
  private static boolean bindingsArePresent() {
    try {
      Class.forName(BINDINGS, false, CudaDevices.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private static Throwable rootCause(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
