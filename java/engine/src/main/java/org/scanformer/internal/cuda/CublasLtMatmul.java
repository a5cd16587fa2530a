package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Matrix products by cuBLASLt, on the backend's stream and in a workspace of their own that never
 * grows, so that they allocate nothing on the device and can be recorded. Algorithms are asked for
 * when a shape is first met, and kept; a product that cuBLASLt has none for is the plain kernel's.
 * Sums are fp32 in all types. The calling thread's device must be the stream's. Loading this class
 * needs the driver and cuBLAS.
 */
final class CublasLtMatmul implements Matmul {
  /** What NVIDIA recommends for Hopper; older devices need 4 MiB. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** Algorithms that are asked for, to be timed. */
  private static final int MAX_ALGORITHMS = 8;

  /** What every array and every row of the usual sizes is aligned to. */
  private static final int ALIGNMENT = 16;

  /**
   * A handle a device, for the life of the process: it is thread-safe, and closing one waits for
   * the whole device, which would spoil what another thread is recording.
   */
  private static final Map<Integer, cublasLtContext> HANDLES = new HashMap<>();

  private final cublasLtContext handle;
  private final NativeStream stream;
  private final Matmul plain;
  private final CUstream_st queue;
  private final Tensor workspace;
  private final int compute;
  private final Map<Shape, Plan> plans = new HashMap<>();

  // Direct buffers and not JavaCPP's own allocations: see NativeBackend.
  private final ByteBuffer factors = direct(2 * Float.BYTES);
  private final Pointer one = new Pointer(factors);
  private final Pointer zero = new Pointer(factors).position(Float.BYTES);
  private final ByteBuffer attribute = direct(Long.BYTES);
  private final Pointer attributeAddress = new Pointer(attribute);

  /** What an algorithm is chosen for; the epilogue is cuBLASLt's number. */
  private record Shape(
      int rows, int out, int in, ElementType type, ElementType result, int epilogue) {}

  /** A product's description and the algorithm chosen for it. */
  private static final class Plan {
    private final cublasLtMatmulDescOpaque_t product;
    private final cublasLtMatrixLayoutOpaque_t weight;
    private final cublasLtMatrixLayoutOpaque_t x;
    private final cublasLtMatrixLayoutOpaque_t y;
    private final int epilogue;

    /** Keeps the algorithms' memory. */
    private final ByteBuffer found = direct(1 << 10);

    /** The likely fastest first; none where cuBLASLt has none. */
    private final List<cublasLtMatmulAlgo_t> algorithms = new ArrayList<>();

    Plan(int compute, Shape shape, int epilogue) {
      this.epilogue = epilogue;
      PointerPointer<cublasLtMatmulDescOpaque_t> place = place();
      check(
          "cublasLtMatmulDescCreate",
          cublas.cublasLtMatmulDescCreate(place, compute, cudart.CUDA_R_32F));
      product = place.get(cublasLtMatmulDescOpaque_t.class, 0);
      // cuBLAS counts columns first: row-major y = x · weightᵀ is its [out, rows] = weightᵀ · x.
      weight = layout(shape.type(), shape.in(), shape.out());
      x = layout(shape.type(), shape.in(), shape.rows());
      y = layout(shape.result(), shape.out(), shape.rows());
    }

    private static cublasLtMatrixLayoutOpaque_t layout(ElementType type, int rows, int columns) {
      PointerPointer<cublasLtMatrixLayoutOpaque_t> place = place();
      check(
          "cublasLtMatrixLayoutCreate",
          cublas.cublasLtMatrixLayoutCreate(place, dataType(type), rows, columns, rows));
      return place.get(cublasLtMatrixLayoutOpaque_t.class, 0);
    }

    void destroy() {
      cublas.cublasLtMatrixLayoutDestroy(y);
      cublas.cublasLtMatrixLayoutDestroy(x);
      cublas.cublasLtMatrixLayoutDestroy(weight);
      cublas.cublasLtMatmulDescDestroy(product);
    }
  }

  /**
   * Opens cuBLASLt on the calling thread's device.
   *
   * @param device that device's number
   * @param stream a stream of it
   * @param workspace device memory of at least {@link #workspaceBytes()}, owned by the caller
   * @param plain products on the same stream for what cuBLASLt cannot do
   */
  CublasLtMatmul(
      int device, NativeStream stream, Tensor workspace, Matmul plain, Precision precision) {
    this.handle = handle(device);
    this.stream = stream;
    this.plain = plain;
    this.queue = new CUstream_st(CudaApi.sf_cuda_queue(stream.pointer()));
    this.workspace = workspace;
    this.compute =
        precision == Precision.TF32
            ? cublas.CUBLAS_COMPUTE_32F_FAST_TF32
            : cublas.CUBLAS_COMPUTE_32F;
    factors.putFloat(0, 1f);
    factors.putFloat(Float.BYTES, 0f);
  }

  private static cublasLtContext handle(int device) {
    synchronized (HANDLES) {
      cublasLtContext handle = HANDLES.get(device);
      if (handle == null) {
        handle = new cublasLtContext();
        check("cublasLtCreate", cublas.cublasLtCreate(handle));
        HANDLES.put(device, handle);
      }
      return handle;
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  /** Where a call puts the address of what it has created. */
  private static <P extends Pointer> PointerPointer<P> place() {
    return new PointerPointer<>(new Pointer(direct(Long.BYTES)));
  }

  static long workspaceBytes() {
    return WORKSPACE_BYTES;
  }

  /** cuBLASLt's version, "13.0.2" or the like; loads it. */
  static String version() {
    long version = cublas.cublasLtGetVersion();
    return version / 10000 + "." + version / 100 % 100 + "." + version % 100;
  }

  private static void check(String operation, int status) {
    if (status != cublas.CUBLAS_STATUS_SUCCESS) {
      throw new ScanFormerException(
          ErrorCode.DEVICE_ERROR,
          operation
              + ": cuBLAS error "
              + status
              + ", "
              + cublas.cublasLtGetStatusName(status).getString());
    }
  }

  private static int dataType(ElementType type) {
    return switch (type) {
      case F16 -> cudart.CUDA_R_16F;
      case BF16 -> cudart.CUDA_R_16BF;
      default -> cudart.CUDA_R_32F;
    };
  }

  /**
   * The epilogue that gives what is asked for exactly: a half result would be rounded only after
   * the bias, but its bias would have to be a half too; cuBLASLt's GELU is the one with tanh, and
   * its ReLU makes 0 of NaN.
   */
  private static int epilogue(Tensor bias, Activation activation, ElementType result) {
    return bias != null && activation == Activation.IDENTITY && result == ElementType.F32
        ? cublas.CUBLASLT_EPILOGUE_BIAS
        : cublas.CUBLASLT_EPILOGUE_DEFAULT;
  }

  @Override
  public int algorithms(int rows, CudaLinear linear, Activation activation, Tensor y) {
    return Math.max(1, plan(rows, linear, activation, y).algorithms.size());
  }

  @Override
  public void linear(
      int rows, CudaLinear linear, Tensor x, Activation activation, Tensor y, int algorithm) {
    Plan plan = plan(rows, linear, activation, y);
    if (plan.algorithms.isEmpty()) {
      plain.linear(rows, linear, x, activation, y, 0);
      return;
    }
    if (plan.epilogue != cublas.CUBLASLT_EPILOGUE_DEFAULT) {
      setBias(plan, linear.bias());
    }
    check(
        "cublasLtMatmul of " + rows + " x " + linear.in() + " by " + linear.weights().name(),
        cublas.cublasLtMatmul(
            handle,
            plan.product,
            one,
            linear.weights().pointer(),
            plan.weight,
            x.pointer(),
            plan.x,
            zero,
            y.pointer(),
            plan.y,
            y.pointer(),
            plan.y,
            plan.algorithms.get(Math.min(algorithm, plan.algorithms.size() - 1)),
            workspace.pointer(),
            WORKSPACE_BYTES,
            queue));
    if (plan.epilogue == cublas.CUBLASLT_EPILOGUE_DEFAULT) {
      Matmul.finish(stream, rows, linear, activation, y);
    }
  }

  /** The plan of a shape, whose rows are rounded up so that few shapes are met. */
  private Plan plan(int rows, CudaLinear linear, Activation activation, Tensor y) {
    Shape shape =
        new Shape(
            CudaBackend.roundedRows(rows),
            linear.out(),
            linear.in(),
            linear.weights().type(),
            y.type(),
            epilogue(linear.bias(), activation, y.type()));
    Plan plan = plans.get(shape);
    if (plan == null) {
      plan = choose(shape, linear.bias());
      plans.put(shape, plan);
    }
    return plan;
  }

  /** With the epilogue if there is an algorithm that has it, otherwise without. */
  private Plan choose(Shape shape, Tensor bias) {
    Plan plan = plan(shape, shape.epilogue(), bias);
    if (plan.algorithms.isEmpty() && shape.epilogue() != cublas.CUBLASLT_EPILOGUE_DEFAULT) {
      plan.destroy();
      plan = plan(shape, cublas.CUBLASLT_EPILOGUE_DEFAULT, bias);
    }
    return plan;
  }

  private Plan plan(Shape shape, int epilogue, Tensor bias) {
    Plan plan = new Plan(compute, shape, epilogue);
    try {
      attribute.putInt(0, cublas.CUBLAS_OP_T);
      describe(plan, cublas.CUBLASLT_MATMUL_DESC_TRANSA, Integer.BYTES);
      attribute.putInt(0, epilogue);
      describe(plan, cublas.CUBLASLT_MATMUL_DESC_EPILOGUE, Integer.BYTES);
      if (epilogue != cublas.CUBLASLT_EPILOGUE_DEFAULT) {
        setBias(plan, bias);
      }
      findAlgorithms(plan);
      return plan;
    } catch (RuntimeException e) {
      plan.destroy();
      throw e;
    }
  }

  private void setBias(Plan plan, Tensor bias) {
    attribute.putLong(0, bias.address());
    describe(plan, cublas.CUBLASLT_MATMUL_DESC_BIAS_POINTER, Long.BYTES);
  }

  /** Sets an attribute of a product from the first bytes of {@link #attribute}. */
  private void describe(Plan plan, int name, long bytes) {
    check(
        "cublasLtMatmulDescSetAttribute",
        cublas.cublasLtMatmulDescSetAttribute(plan.product, name, attributeAddress, bytes));
  }

  /** Leaves the plan without one where cuBLASLt has none. */
  private void findAlgorithms(Plan plan) {
    PointerPointer<cublasLtMatmulPreferenceOpaque_t> place = place();
    check("cublasLtMatmulPreferenceCreate", cublas.cublasLtMatmulPreferenceCreate(place));
    cublasLtMatmulPreferenceOpaque_t preference =
        place.get(cublasLtMatmulPreferenceOpaque_t.class, 0);
    try {
      attribute.putLong(0, WORKSPACE_BYTES);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, Long.BYTES);
      // Where the inner dimension is split, parts are added up as they were computed: in fp32, also
      // where the result is a half.
      attribute.putInt(0, cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, Integer.BYTES);
      attribute.putInt(0, ALIGNMENT);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, Integer.BYTES);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, Integer.BYTES);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, Integer.BYTES);
      prefer(preference, cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, Integer.BYTES);
      cublasLtMatmulHeuristicResult_t results =
          new cublasLtMatmulHeuristicResult_t(new Pointer(plan.found));
      int[] count = new int[1];
      int status =
          cublas.cublasLtMatmulAlgoGetHeuristic(
              handle,
              plan.product,
              plan.weight,
              plan.x,
              plan.y,
              plan.y,
              preference,
              MAX_ALGORITHMS,
              results,
              count);
      if (status != cublas.CUBLAS_STATUS_NOT_SUPPORTED) {
        check("cublasLtMatmulAlgoGetHeuristic", status);
        for (int i = 0; i < count[0]; i++) {
          cublasLtMatmulHeuristicResult_t result = results.getPointer(i);
          if (result.state() == cublas.CUBLAS_STATUS_SUCCESS) {
            plan.algorithms.add(result.algo());
          }
        }
      }
    } finally {
      cublas.cublasLtMatmulPreferenceDestroy(preference);
    }
  }

  private void prefer(cublasLtMatmulPreferenceOpaque_t preference, int name, long bytes) {
    check(
        "cublasLtMatmulPreferenceSetAttribute",
        cublas.cublasLtMatmulPreferenceSetAttribute(preference, name, attributeAddress, bytes));
  }

  @Override
  public void close() {
    plans.values().forEach(Plan::destroy);
  }
}
