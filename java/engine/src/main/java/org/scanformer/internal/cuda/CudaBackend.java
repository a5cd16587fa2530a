package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.BatchPacking;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.HostDeviceBuffer;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.LaunchSizes;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.NativeBackend;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.internal.backend.QueryBlockTable;
import org.scanformer.internal.backend.SwitchingWork;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.api.Api;
import org.scanformer.natives.cuda.CudaApi;

/**
 * A CUDA device: our own kernels and cuBLAS's matrix products, enqueued on one stream. Tables are
 * copied to the device from pinned memory; the host waits only where a result is asked for.
 */
public final class CudaBackend extends NativeBackend {
  /** bfloat16 and TensorFloat-32 need this compute capability, times 10. */
  private static final int AMPERE = 80;

  private final PinnedMemory pinned;
  private final PixelStaging pixels;
  private final CudaPyramids pyramids;
  private final CudaGraphs graphs;
  private final CudaSwitchGraphs switchGraphs;

  private final ProductSetup setup = new ProductSetup(this);

  /** Null until the backend is open. */
  private CudaProducts products;

  private CudaBackend(NativeStream stream, Precision precision) {
    super(stream, precision, computeType(precision));
    this.pinned = new PinnedMemory(stream);
    this.pixels = new PixelStaging(this, pinned);
    this.pyramids = new CudaPyramids(stream, this::stagePixels);
    this.graphs = new CudaGraphs(stream);
    this.switchGraphs = new CudaSwitchGraphs(stream);
  }

  private static int computeType(Precision precision) {
    return switch (precision) {
      case FP32 -> Api.SF_F32;
      case TF32 -> Api.SF_TF32;
      case FP16 -> Api.SF_F16;
      case BF16 -> Api.SF_BF16;
    };
  }

  /**
   * Opens a device.
   *
   * @param report what {@link CudaDevices#probe(int)} found of it
   * @param precision null for BF16 where the device has it, otherwise FP16
   * @throws ScanFormerException UNSUPPORTED with every reason when the device is not usable
   */
  public static CudaBackend open(DeviceReport report, Precision precision) {
    int device = report.device();
    if (!report.usable()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "CUDA device " + device + " is not usable: " + String.join("; ", report.details()));
    }
    String what = "CUDA device " + device + " (" + String.join(", ", report.details()) + ")";
    NativeStream stream = NativeStream.open(CudaApi.sf_cuda_backend(), device, 0, 0, what);
    int capability = CudaApi.sf_compute_capability(stream.pointer());
    Precision chosen =
        precision != null ? precision : capability >= AMPERE ? Precision.BF16 : Precision.FP16;
    if (capability < AMPERE && (chosen == Precision.BF16 || chosen == Precision.TF32)) {
      stream.destroy();
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          chosen
              + " needs compute capability 8.0, found "
              + capability / 10
              + "."
              + capability % 10
              + "; use fp16 or fp32");
    }
    CudaBackend backend = new CudaBackend(stream, chosen);
    try {
      backend.products = backend.setup.open(report);
      return backend;
    } catch (RuntimeException | LinkageError e) {
      backend.close();
      throw e;
    }
  }

  @Override
  public BackendKind kind() {
    return BackendKind.CUDA;
  }

  @Override
  public ElementType queryType() {
    return activationType();
  }

  @Override
  public void synchronize() {
    pixels.drain();
    super.synchronize();
    pixels.clear();
  }

  /** Rounded as products are, so that few graphs are recorded. */
  @Override
  public int passRows(int rows) {
    return linearRows(rows);
  }

  /** What a block of the attention kernel takes at most. */
  @Override
  public int queryBlockRows() {
    return 32;
  }

  @Override
  public boolean replay(LaunchShape shape, Runnable work) {
    return graphs.replay(shape, work);
  }

  @Override
  public boolean recordsWork() {
    return graphs.wanted() && graphs.refusal() == null;
  }

  @Override
  public String whyNoRecording() {
    return graphs.refusal();
  }

  @Override
  public long ownBytes() {
    return setup.bytes();
  }

  @Override
  public long recordingBytes(int operations) {
    return graphs.bytes(operations);
  }

  @Override
  public String whyNoSwitching() {
    return graphs.wanted() ? switchGraphs.refusal() : "work is not recorded";
  }

  @Override
  public boolean replaySwitching(LaunchShape shape, SwitchingWork work) {
    return switchGraphs.replay(shape, work);
  }

  @Override
  public long switchingBytes(int bodies, int operations) {
    return whyNoSwitching() == null
        ? (long) CudaSwitchGraphs.MAX_GRAPHS * bodies * operations * CudaGraphs.NODE_BYTES
        : 0;
  }

  @Override
  public void packBatch(BatchPacking packing, LaunchSizes sizes, long condition) {
    QueryBlockTable regs = packing.regBlocks();
    stream()
        .check(
            CudaApi.sf_pack_batch(
                stream().pointer(),
                packing.firstSegment(),
                packing.count(),
                device(packing.selected()),
                packing.cache().table().device(),
                packing.cache().size(),
                sizes.pointer(),
                sizes.count(),
                condition,
                packing.appends().table().device(),
                packing.blocks().table().device(),
                packing.blocks().mostRows(),
                packing.counts().device(),
                device(packing.tokenRows()),
                device(packing.patchRows()),
                regs == null ? null : regs.table().device(),
                device(packing.regRows()),
                regs == null ? 0 : regs.size()));
  }

  private static Pointer device(Table table) {
    return table == null ? null : table.device();
  }

  @Override
  public HostDeviceBuffer allocateHostDevice(long bytes) {
    Tensor memory = new Tensor("tables", ElementType.U8, Math.max(64, bytes), 1);
    allocate(memory);
    Pointer hostMemory = pinned.allocate(memory.bytes());
    return new CudaBuffer(stream(), memory, hostMemory, view(hostMemory, memory.bytes()));
  }

  @Override
  public long stagingBytes(long imageBytes, int images) {
    return pixels.bytes(imageBytes, images);
  }

  @Override
  public void reservePixels(long bytes) {
    pixels.reserve(bytes);
  }

  @Override
  public void buildPyramids(
      PyramidBatch batch, int patchSize, int scales, Tensor mean, Tensor std, Tensor canvas) {
    int first = 0;
    while (first < batch.size()) {
      if (first > 0) {
        synchronize(); // Of all that follows, the same memory takes the pixels.
      }
      int end = pixels.expect(batch.images(), first, batch.size());
      pyramids.build(batch, first, end, patchSize, scales, mean, std, canvas);
      first = end;
    }
  }

  @Override
  public void stagePixels(PixelSource image) {
    if (image.isOnDevice()) {
      requireOnDevice(image);
    } else {
      pixels.toDevice(image);
    }
  }

  /** A kernel that reads what is not the device's would end the process's use of it. */
  private void requireOnDevice(PixelSource image) {
    for (int p = 0; p < image.planes(); p++) {
      stream()
          .check(
              CudaApi.sf_check_device_memory(
                  stream().pointer(), image.place(p), image.planeBytes(p)));
    }
  }

  @Override
  public Linear createLinear(
      String name, int out, int in, FloatBuffer weight, FloatBuffer bias, ElementType type) {
    Tensor weights = new Tensor(name, type, out, in);
    allocate(weights);
    if (type == ElementType.F32) {
      upload(weights, 0, weight);
    } else {
      Tensor staging = new Tensor(name + " in fp32", ElementType.F32, out, in);
      allocate(staging);
      upload(staging, 0, weight);
      stream()
          .check(
              CudaApi.sf_convert(
                  stream().pointer(),
                  (long) out * in,
                  staging.pointer(),
                  type.code(),
                  weights.pointer()));
      synchronize();
      free(staging);
    }
    Tensor biases = null;
    if (bias != null) {
      biases = new Tensor(name + " bias", ElementType.F32, 1, out);
      allocate(biases);
      upload(biases, 0, bias);
    }
    return new CudaLinear(weights, biases);
  }

  @Override
  public int linearRows(int rows) {
    return roundedRows(rows);
  }

  /**
   * Multiples of 16 to 128, of 32 to 512, then of 128: few enough that each is met early, and close
   * enough that little is computed in vain.
   */
  static int roundedRows(int rows) {
    int step = rows <= 128 ? 16 : rows <= 512 ? 32 : 128;
    return (rows + step - 1) / step * step;
  }

  @Override
  public void linear(Tensor x, int rows, Linear weights, Activation activation, Tensor y) {
    if (rows > 0) {
      products.linear(x, rows, (CudaLinear) weights, activation, y);
    }
  }

  @Override
  public Tensor linearToAdd(Tensor x, int rows, Linear weights, Tensor to, Tensor y) {
    return rows == 0 ? null : products.linearToAdd(x, rows, (CudaLinear) weights, to, y);
  }

  @Override
  public void linearAppendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor x,
      Linear weights,
      Tensor bias,
      Table counts,
      Tensor qkv,
      Tensor q) {
    products.linearAppendKv(
        appends,
        rows,
        heads,
        headSize,
        layer,
        x,
        (CudaLinear) weights,
        bias,
        counts,
        qkv,
        q,
        () -> appendKv(appends, rows, heads, headSize, layer, qkv, bias, counts, q));
  }

  @Override
  protected void release() {
    graphs.close();
    switchGraphs.close();
    if (products != null) {
      products.close();
    }
    pyramids.close();
    freeAll();
    pinned.freeAll();
  }

  /** A pinned copy on the host and one on the device. */
  private record CudaBuffer(NativeStream stream, Tensor memory, Pointer hostMemory, ByteBuffer host)
      implements HostDeviceBuffer {
    @Override
    public Pointer device() {
      return memory.pointer();
    }

    @Override
    public void toDevice() {
      stream.check(
          CudaApi.sf_copy_to_device(
              stream.pointer(), memory.pointer(), hostMemory, memory.bytes()));
    }

    @Override
    public void toHost() {
      stream.check(
          CudaApi.sf_copy_to_host(stream.pointer(), hostMemory, memory.pointer(), memory.bytes()));
    }
  }
}
