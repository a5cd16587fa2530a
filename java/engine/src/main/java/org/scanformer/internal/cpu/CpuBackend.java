package org.scanformer.internal.cpu;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.HostDeviceBuffer;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.NativeBackend;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.api.Api;

/**
 * The host's processors: the C API's CPU backend, with its own threads and, for some matrix
 * products, oneDNN.
 */
public final class CpuBackend extends NativeBackend {
  /**
   * Limits the instruction set of our own kernels: 1, 3 or 4 for x86-64, x86-64-v3, x86-64-v4, or 1
   * for arm64; 0 for the best.
   */
  public static final String ISA_PROPERTY = "org.scanformer.cpu.isa";

  private final List<CpuLinear> linears = new ArrayList<>();

  /** Null until there is all of it. */
  private Tensor pixelStaging;

  private ByteBuffer pixelStagingHost;

  private CpuBackend(NativeStream stream, Precision precision) {
    super(stream, precision, Api.SF_F32);
  }

  /**
   * Opens the CPU.
   *
   * @param precision FP32 or BF16; null for FP32
   * @param threads threads an operation may use; 0 for as many as the process has processors
   * @throws ScanFormerException UNSUPPORTED when the library does not load or the CPU lacks what is
   *     asked for
   */
  public static CpuBackend open(Precision precision, int threads) {
    Precision chosen = precision == null ? Precision.FP32 : precision;
    DeviceReport report = CpuProbe.probe();
    if (!report.usable()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "The CPU backend is not usable: " + String.join("; ", report.details()));
    }
    if (chosen != Precision.FP32 && chosen != Precision.BF16) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "The CPU backend runs in fp32 or bf16, found " + chosen + " asked for");
    }
    if (!report.precisions().contains(chosen)) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "bf16 on the CPU needs AVX512-BF16, found a CPU without it ("
              + String.join(", ", report.details())
              + "); use fp32");
    }
    int isa = Integer.getInteger(ISA_PROPERTY, 0);
    // The JVM knows of a container's quota of processor time, which the scheduler's mask does not
    // show.
    int team = threads == 0 ? teamOf(Runtime.getRuntime().availableProcessors()) : threads;
    String what =
        "The CPU backend with "
            + team
            + " threads and instruction set limit "
            + isa
            + " ("
            + String.join(", ", report.details())
            + ")";
    return new CpuBackend(NativeStream.open(Api.sf_cpu_backend(), 0, team, isa, what), chosen);
  }

  /** As many threads as processors, where a stream can have so many. */
  static int teamOf(int processors) {
    return Math.min(processors, Api.SF_MAX_THREADS);
  }

  @Override
  public BackendKind kind() {
    return BackendKind.CPU;
  }

  @Override
  public ElementType queryType() {
    return ElementType.F32;
  }

  /** Nothing is recorded here, so nothing needs rounding. */
  @Override
  public int passRows(int rows) {
    return rows;
  }

  @Override
  public boolean replay(LaunchShape shape, Runnable work) {
    work.run();
    return true;
  }

  @Override
  public HostDeviceBuffer allocateHostDevice(long bytes) {
    Tensor memory = new Tensor("tables", ElementType.U8, Math.max(64, bytes), 1);
    allocate(memory);
    return new CpuBuffer(memory.pointer(), view(memory.pointer(), memory.bytes()));
  }

  /** Java's heap moves: what is there is copied to native memory, which is kept. */
  @Override
  public void stagePixels(PixelSource image) {
    if (image.isOnDevice()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The image is in the memory of a CUDA device, which the CPU cannot read");
    }
    if (image.isDirect()) {
      return;
    }
    requireStageable(image.bytes());
    growStaging(image.bytes());
    int offset = 0;
    for (int p = 0; p < image.buffers(); p++) {
      ByteBuffer plane = image.buffer(p);
      pixelStagingHost.put(offset, plane, 0, plane.limit());
      image.setPlace(p, pixelStaging.address() + offset);
      offset += plane.limit();
    }
  }

  /** One image is staged at a time. */
  @Override
  public long stagingBytes(long imageBytes, int images) {
    return Math.min(imageBytes, Integer.MAX_VALUE);
  }

  @Override
  public void reservePixels(long bytes) {
    growStaging(bytes);
  }

  private void growStaging(long bytes) {
    if (pixelStaging != null && pixelStaging.bytes() >= bytes) {
      return;
    }
    if (pixelStaging != null) {
      Tensor old = pixelStaging;
      pixelStaging = null;
      free(old);
    }
    Tensor grown = new Tensor("pixels", ElementType.U8, Math.max(1, bytes), 1);
    allocate(grown);
    pixelStagingHost = view(grown.pointer(), grown.bytes());
    pixelStaging = grown;
  }

  @Override
  public Linear createLinear(
      String name, int out, int in, FloatBuffer weight, FloatBuffer bias, ElementType type) {
    Pointer handle = new Pointer();
    int status =
        Api.sf_linear_create(
            stream().pointer(),
            out,
            in,
            address(weight, Float.BYTES),
            bias == null ? null : address(bias, Float.BYTES),
            type.code(),
            handle);
    if (status != Api.SF_OK) {
      throw stream()
          .failure(
              status,
              "The linear layer " + name + " [" + out + ", " + in + "] could not be laid out: ");
    }
    CpuLinear linear = new CpuLinear(handle, out, in);
    linears.add(linear);
    return linear;
  }

  @Override
  public int linearRows(int rows) {
    return Api.sf_linear_rows(rows);
  }

  @Override
  public void linear(Tensor x, int rows, Linear weights, Activation activation, Tensor y) {
    stream()
        .check(
            Api.sf_linear_apply(
                stream().pointer(),
                ((CpuLinear) weights).handle,
                rows,
                x.pointer(),
                activation.ordinal(),
                y.type().code(),
                y.pointer()));
  }

  @Override
  protected void release() {
    for (CpuLinear linear : linears) {
      Api.sf_linear_destroy(linear.handle);
    }
    freeAll();
  }

  /** A packed weight matrix in native memory. */
  private record CpuLinear(Pointer handle, int out, int in) implements Linear {
    @Override
    public long bytes() {
      return Api.sf_linear_bytes(handle);
    }
  }

  /** Host memory is device memory here, so there is nothing to copy. */
  private record CpuBuffer(Pointer device, ByteBuffer host) implements HostDeviceBuffer {
    @Override
    public void toDevice() {}

    @Override
    public void toHost() {}
  }
}
