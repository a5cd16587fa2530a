package org.scanformer.internal.cuda;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.KvSegmentTable;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.Linear;
import org.scanformer.internal.backend.Mirror;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.QueryBlockTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaKernels;

/**
 * The operations on a CUDA device: our own kernels and cuBLAS's products, enqueued on one stream.
 * Tables are copied to the device from pinned memory; the host waits only where a result is asked
 * for.
 */
public final class CudaBackend implements Backend {
  /** bfloat16 and TensorFloat-32 need this compute capability, times 10. */
  private static final int AMPERE = 80;

  private final Pointer stream;
  private final Precision precision;
  private final int math;
  private final Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Pointer> pinned = new ArrayList<>();

  /** Null until the backend is open. */
  private MatrixProducts products;

  // See CpuBackend: JavaCPP's own allocations are refused when the process is large.
  private final LongBuffer longResult =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder()).asLongBuffer();

  private final PixelStaging pixels = new PixelStaging();
  private final CudaGraphs graphs;

  private boolean closed;

  private CudaBackend(Pointer stream, Precision precision) {
    this.stream = stream;
    this.precision = precision;
    this.graphs = new CudaGraphs(stream);
    this.math =
        switch (precision) {
          case FP32 -> CudaKernels.SF_F32;
          case TF32 -> CudaKernels.SF_TF32;
          case FP16 -> CudaKernels.SF_F16;
          case BF16 -> CudaKernels.SF_BF16;
        };
  }

  private MatrixProducts openProducts(int device) {
    MatrixProducts plain = new PlainProducts(stream);
    if (CudaLibrary.plainProducts()) {
      return plain;
    }
    Tensor workspace =
        new Tensor("cuBLAS's workspace", ElementType.U8, CublasLtProducts.workspaceBytes(), 1);
    allocate(workspace);
    return new CublasLtProducts(
        device, CudaKernels.sf_cuda_queue(stream), workspace, plain, precision);
  }

  /**
   * Opens a device.
   *
   * @param report what {@link CudaLibrary#probe(int)} found of it
   * @param precision null for BF16 where the device has it, else FP16
   * @throws ScanFormerException UNSUPPORTED with every reason when the device is not usable
   */
  public static CudaBackend open(DeviceReport report, Precision precision) {
    int device = report.device();
    if (!report.usable()) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "CUDA device " + device + " is not usable: " + String.join("; ", report.details()));
    }
    Pointer stream = new Pointer();
    int status = CudaKernels.sf_stream_create(device, 0, 0, stream);
    if (status != CudaKernels.SF_OK) {
      throw new ScanFormerException(
          errorCode(status),
          "CUDA device "
              + device
              + " could not be opened, status "
              + status
              + " ("
              + String.join(", ", report.details())
              + ")");
    }
    int capability = CudaKernels.sf_compute_capability(stream);
    Precision chosen =
        precision != null ? precision : capability >= AMPERE ? Precision.BF16 : Precision.FP16;
    if (capability < AMPERE && (chosen == Precision.BF16 || chosen == Precision.TF32)) {
      CudaKernels.sf_stream_destroy(stream);
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
      backend.products = backend.openProducts(device);
      return backend;
    } catch (RuntimeException | LinkageError e) {
      backend.close();
      throw e;
    }
  }

  /** Maps the C API's status to the category that callers act on. */
  private static ErrorCode errorCode(int status) {
    return switch (status) {
      case CudaKernels.SF_INVALID_ARGUMENT -> ErrorCode.BAD_INPUT;
      case CudaKernels.SF_OUT_OF_MEMORY -> ErrorCode.OUT_OF_MEMORY;
      case CudaKernels.SF_UNSUPPORTED -> ErrorCode.UNSUPPORTED;
      case CudaKernels.SF_DEVICE_LOST -> ErrorCode.DEVICE_LOST;
      default -> ErrorCode.DEVICE_ERROR;
    };
  }

  static void check(Pointer stream, int status) {
    if (status != CudaKernels.SF_OK) {
      throw new ScanFormerException(errorCode(status), CudaKernels.sf_error(stream).getString());
    }
  }

  private void check(int status) {
    check(stream, status);
  }

  @Override
  public BackendKind kind() {
    return BackendKind.CUDA;
  }

  @Override
  public Precision precision() {
    return precision;
  }

  @Override
  public ElementType activationType() {
    return switch (precision) {
      case FP16 -> ElementType.F16;
      case BF16 -> ElementType.BF16;
      default -> ElementType.F32;
    };
  }

  @Override
  public ElementType queryType() {
    return activationType();
  }

  // ---- Memory ----

  @Override
  public void synchronize() {
    check(CudaKernels.sf_synchronize(stream));
    pixels.used = 0;
  }

  /** Rounded as products are, so that few graphs are recorded. */
  @Override
  public int passRows(int rows) {
    return linearRows(rows);
  }

  @Override
  public void replay(LaunchShape shape, Runnable work) {
    graphs.replay(shape, work);
  }

  @Override
  public long memoryAvailable() {
    check(CudaKernels.sf_memory_available(stream, new Pointer(longResult)));
    return longResult.get(0);
  }

  @Override
  public void allocate(Tensor tensor) {
    // An empty array still gets an address, so that no operation meets a null.
    long bytes = Math.max(64, tensor.bytes());
    Pointer memory = new Pointer();
    int status = CudaKernels.sf_allocate(stream, bytes, memory);
    if (status != CudaKernels.SF_OK) {
      throw new ScanFormerException(
          errorCode(status),
          "No memory for "
              + tensor.name()
              + " ("
              + bytes
              + " bytes): "
              + CudaKernels.sf_error(stream).getString());
    }
    tensor.bind(memory);
    tensors.add(tensor);
  }

  @Override
  public void free(Tensor tensor) {
    if (tensors.remove(tensor)) {
      check(CudaKernels.sf_free(stream, tensor.pointer(), Math.max(64, tensor.bytes())));
      tensor.bind(null);
    }
  }

  private Pointer allocatePinned(long bytes) {
    Pointer memory = new Pointer();
    check(CudaKernels.sf_allocate_host(stream, bytes, memory));
    pinned.add(memory);
    return memory;
  }

  private void freePinned(Pointer memory) {
    pinned.remove(memory);
    check(CudaKernels.sf_free_host(stream, memory));
  }

  private static ByteBuffer view(Pointer memory, long bytes) {
    return new BytePointer(memory).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  @Override
  public Mirror allocateMirror(long bytes) {
    Tensor memory = new Tensor("tables", ElementType.U8, Math.max(64, bytes), 1);
    allocate(memory);
    return new CudaMirror(memory, allocatePinned(memory.bytes()));
  }

  /** The address of a direct buffer's first remaining element. */
  private static Pointer address(Buffer buffer, long elementBytes) {
    return new Pointer(buffer).position(buffer.position() * elementBytes);
  }

  @Override
  public void upload(Tensor tensor, long firstElement, Buffer source) {
    long elementBytes = tensor.type().bytes();
    check(
        CudaKernels.sf_upload(
            stream,
            tensor.pointer(),
            firstElement * elementBytes,
            address(source, elementBytes),
            source.remaining() * elementBytes));
  }

  @Override
  public void download(Tensor tensor, long firstElement, Buffer destination) {
    long elementBytes = tensor.type().bytes();
    check(
        CudaKernels.sf_download(
            stream,
            tensor.pointer(),
            firstElement * elementBytes,
            address(destination, elementBytes),
            destination.remaining() * elementBytes));
  }

  // ---- Image pyramid and patches ----

  @Override
  public void buildPyramid(
      PixelSource image,
      int patchSize,
      int scales,
      int coarseRows,
      int coarseCols,
      Tensor mean,
      Tensor std,
      Tensor canvas) {
    if (image.isOnDevice()) {
      requireOnDevice(image);
    } else {
      pixels.toDevice(image);
    }
    check(
        CudaKernels.sf_build_pyramid(
            stream,
            image.struct(),
            patchSize,
            scales,
            coarseRows,
            coarseCols,
            mean.pointer(),
            std.pointer(),
            canvas.pointer()));
  }

  /** A kernel that reads what is not the device's would end the process's use of it. */
  private void requireOnDevice(PixelSource image) {
    for (int p = 0; p < image.planes(); p++) {
      check(CudaKernels.sf_check_device_memory(stream, image.place(p)));
    }
  }

  @Override
  public void reservePixels(long bytes) {
    pixels.reserve(bytes);
  }

  @Override
  public void compactPatches(GridTable grids, int count, Table mask, Tensor indices, Table counts) {
    check(
        CudaKernels.sf_compact_patches(
            stream,
            grids.table().device(),
            count,
            mask.device(),
            indices.pointer(),
            counts.device()));
  }

  @Override
  public void gatherPatches(
      GridTable grids,
      int count,
      int patches,
      int patchSize,
      Tensor canvas,
      Tensor indices,
      Tensor rows) {
    check(
        CudaKernels.sf_gather_patches(
            stream,
            grids.table().device(),
            count,
            patches,
            patchSize,
            canvas.pointer(),
            indices.pointer(),
            rows.type().code(),
            rows.pointer()));
  }

  @Override
  public void selectPatches(
      GridTable parents, GridTable children, int count, Tensor logits, Tensor indices, Table mask) {
    check(
        CudaKernels.sf_select_patches(
            stream,
            parents.table().device(),
            children.table().device(),
            count,
            logits.pointer(),
            indices.pointer(),
            mask.device()));
  }

  // ---- Tokens ----

  @Override
  public void embedText(
      int tokens,
      Table ids,
      Table positions,
      Table tokenRows,
      Tensor wordEmbeddings,
      Tensor positionEmbeddings,
      Tensor tokenType,
      Tensor normWeight,
      Tensor normBias,
      float epsilon,
      Tensor modality,
      Tensor x) {
    check(
        CudaKernels.sf_embed_text(
            stream,
            tokens,
            x.columns(),
            ids.device(),
            positions.device(),
            tokenRows.device(),
            wordEmbeddings.pointer(),
            Math.toIntExact(wordEmbeddings.rows()),
            positionEmbeddings.pointer(),
            Math.toIntExact(positionEmbeddings.rows()),
            tokenType.pointer(),
            normWeight.pointer(),
            normBias.pointer(),
            epsilon,
            modality.pointer(),
            x.pointer()));
  }

  @Override
  public void embedPatches(
      GridTable grids,
      int count,
      int numPatches,
      Tensor patches,
      Tensor indices,
      Tensor clsToken,
      Tensor positionEmbeddings,
      int positionGrid,
      Tensor modality,
      Tensor scaleEmbeddings,
      Tensor constantToken,
      Tensor x) {
    check(
        CudaKernels.sf_embed_patches(
            stream,
            grids.table().device(),
            count,
            numPatches,
            x.columns(),
            patches.pointer(),
            indices.pointer(),
            clsToken.pointer(),
            positionEmbeddings.pointer(),
            positionGrid,
            modality.pointer(),
            scaleEmbeddings.pointer(),
            constantToken.pointer(),
            x.pointer()));
  }

  // ---- Encoder ----

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
      check(
          CudaKernels.sf_convert(
              stream, (long) out * in, staging.pointer(), type.code(), weights.pointer()));
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

  /**
   * Multiples of 16 to 128, of 32 to 512, then of 128: few enough that each is met early, and close
   * enough that little is computed in vain.
   */
  @Override
  public int linearRows(int rows) {
    int step = rows <= 128 ? 16 : rows <= 512 ? 32 : 128;
    return (rows + step - 1) / step * step;
  }

  @Override
  public void linear(Tensor x, int rows, Linear weights, Activation activation, Tensor y) {
    if (rows == 0) {
      return;
    }
    CudaLinear linear = (CudaLinear) weights;
    boolean done =
        products.multiply(
            linearRows(rows),
            linear.out(),
            linear.in(),
            x,
            linear.weights,
            linear.bias,
            activation,
            y);
    if (!done) {
      check(
          CudaKernels.sf_bias_activation(
              stream,
              rows,
              linear.out(),
              linear.bias == null ? null : linear.bias.pointer(),
              activation.ordinal(),
              y.type().code(),
              y.pointer()));
    }
  }

  @Override
  public void residualLayerNorm(
      int rows,
      Tensor x,
      Table rowIndex,
      Tensor y,
      Tensor xOut,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out) {
    check(
        CudaKernels.sf_residual_layer_norm(
            stream,
            rows,
            x.columns(),
            x.pointer(),
            rowIndex == null ? null : rowIndex.device(),
            y == null ? null : y.pointer(),
            xOut == null ? null : xOut.pointer(),
            weight == null ? null : weight.pointer(),
            bias == null ? null : bias.pointer(),
            epsilon,
            out == null ? ElementType.F32.code() : out.type().code(),
            out == null ? null : out.pointer()));
  }

  @Override
  public long kvBytes(int heads, int headSize, int tokens) {
    return CudaKernels.sf_kv_bytes(heads, headSize, tokens, math);
  }

  @Override
  public void appendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor qkv,
      Tensor bias,
      Table counts,
      Tensor q) {
    check(
        CudaKernels.sf_append_kv(
            stream,
            appends.table().device(),
            appends.size(),
            rows,
            heads,
            headSize,
            layer,
            math,
            qkv.pointer(),
            bias.pointer(),
            counts.device(),
            q.pointer()));
  }

  @Override
  public void attention(
      QueryBlockTable blocks,
      int rows,
      KvSegmentTable segments,
      int heads,
      int headSize,
      int layer,
      Tensor q,
      Tensor out) {
    check(
        CudaKernels.sf_attention(
            stream,
            blocks.table().device(),
            blocks.size(),
            rows,
            segments.table().device(),
            segments.size(),
            heads,
            headSize,
            layer,
            math,
            q.pointer(),
            out.type().code(),
            out.pointer()));
  }

  /** On a lost device nothing can be freed: its memory goes with the process. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (CudaKernels.sf_synchronize(stream) != CudaKernels.SF_DEVICE_LOST) {
        release();
      }
    } finally {
      CudaKernels.sf_stream_destroy(stream);
    }
  }

  private void release() {
    graphs.close();
    if (products != null) {
      products.close();
    }
    for (Tensor tensor : List.copyOf(tensors)) {
      free(tensor);
    }
    for (Pointer memory : List.copyOf(pinned)) {
      freePinned(memory);
    }
  }

  /** Weights on the device. */
  private static final class CudaLinear implements Linear {
    private final Tensor weights;
    private final Tensor bias;

    CudaLinear(Tensor weights, Tensor bias) {
      this.weights = weights;
      this.bias = bias;
    }

    @Override
    public int out() {
      return Math.toIntExact(weights.rows());
    }

    @Override
    public int in() {
      return weights.columns();
    }

    @Override
    public long bytes() {
      return weights.bytes() + (bias == null ? 0 : bias.bytes());
    }
  }

  /**
   * Pinned memory and as much of the device's, through which the pixels of a batch go one image
   * behind the other; both are kept, and grown to the largest batch.
   */
  private final class PixelStaging {
    /** Null until there is all of it. */
    private Tensor memory;

    private Pointer pinnedMemory;
    private ByteBuffer host;

    /** Places on the two sides, moved over them so that a call makes none. */
    private Pointer from;

    private Pointer to;

    /** Bytes whose copies may still be under way. */
    private long used;

    /** Enqueues the copy of an image, which is on the device until the next synchronisation. */
    void toDevice(PixelSource image) {
      if (memory == null || memory.bytes() - used < image.bytes()) {
        reserve(Math.addExact(used, image.bytes()));
      }
      for (int p = 0; p < image.buffers(); p++) {
        ByteBuffer plane = image.buffer(p);
        int bytes = plane.limit();
        host.put((int) used, plane, 0, bytes);
        from.position(used);
        to.position(used);
        check(CudaKernels.sf_copy_to_device(stream, to, from, bytes));
        image.setPlace(p, memory.address() + used);
        used += bytes;
      }
    }

    /** At most 2 GiB, which Java's buffers reach. */
    void reserve(long bytes) {
      if (memory != null && memory.bytes() >= bytes) {
        return;
      }
      if (bytes > Integer.MAX_VALUE) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The images of a batch have "
                + bytes
                + " bytes of pixels, expected at most "
                + Integer.MAX_VALUE);
      }
      if (memory != null) {
        synchronize();
        Tensor old = memory;
        memory = null;
        free(old);
        freePinned(pinnedMemory);
      }
      Tensor grown = new Tensor("pixels", ElementType.U8, Math.max(64, bytes), 1);
      allocate(grown);
      try {
        pinnedMemory = allocatePinned(grown.bytes());
      } catch (ScanFormerException e) {
        free(grown);
        throw e;
      }
      host = view(pinnedMemory, grown.bytes());
      from = new Pointer(pinnedMemory);
      to = new Pointer(grown.pointer());
      memory = grown;
    }
  }

  /** A pinned copy on the host and one on the device. */
  private final class CudaMirror implements Mirror {
    private final Tensor memory;
    private final Pointer hostMemory;
    private final ByteBuffer host;

    CudaMirror(Tensor memory, Pointer hostMemory) {
      this.memory = memory;
      this.hostMemory = hostMemory;
      this.host = view(hostMemory, memory.bytes());
    }

    @Override
    public ByteBuffer host() {
      return host;
    }

    @Override
    public Pointer device() {
      return memory.pointer();
    }

    @Override
    public void toDevice() {
      check(CudaKernels.sf_copy_to_device(stream, memory.pointer(), hostMemory, memory.bytes()));
    }

    @Override
    public void toHost() {
      check(CudaKernels.sf_copy_to_host(stream, hostMemory, memory.pointer(), memory.bytes()));
    }
  }
}
