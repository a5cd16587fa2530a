package org.scanformer.internal.cpu;

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
import org.scanformer.natives.cpu.CpuKernels;

/**
 * The operations on the host's processors: the C API's CPU implementation, with its own threads
 * and, for some matrix products, oneDNN.
 */
public final class CpuBackend implements Backend {
  /**
   * Limits the instruction set of our own kernels: 1, 3 or 4 for x86-64, x86-64-v3, x86-64-v4; 0
   * for the best.
   */
  public static final String ISA_PROPERTY = "org.scanformer.cpu.isa";

  private final Pointer stream;
  private final Precision precision;
  private final Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<CpuLinear> linears = new ArrayList<>();

  // A direct buffer and not a LongPointer: JavaCPP refuses its own allocations once the process
  // uses more native memory than a limit that follows from -Xmx, and weights are native memory.
  private final LongBuffer longResult =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder()).asLongBuffer();

  private Tensor pixelStaging;
  private ByteBuffer pixelStagingHost;
  private boolean closed;

  private CpuBackend(Pointer stream, Precision precision) {
    this.stream = stream;
    this.precision = precision;
  }

  /**
   * Opens the CPU.
   *
   * @param precision FP32 or BF16; null for FP32
   * @param threads threads an operation may use; 0 for all that the process may run on
   * @throws ScanFormerException UNSUPPORTED when the library does not load or the CPU lacks what is
   *     asked for
   */
  public static CpuBackend open(Precision precision, int threads) {
    Precision chosen = precision == null ? Precision.FP32 : precision;
    DeviceReport report = CpuLibrary.probe();
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
    if (chosen == Precision.BF16 && !report.details().contains("bf16=true")) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "bf16 on the CPU needs AVX512-BF16, found a CPU without it ("
              + String.join(", ", report.details())
              + "); use fp32");
    }
    int isa = Integer.getInteger(ISA_PROPERTY, 0);
    Pointer stream = new Pointer();
    int status = CpuKernels.sf_stream_create(0, threads, isa, stream);
    if (status != CpuKernels.SF_OK) {
      throw new ScanFormerException(
          errorCode(status),
          "The CPU backend could not be opened with "
              + threads
              + " threads and instruction set limit "
              + isa
              + " ("
              + String.join(", ", report.details())
              + ")");
    }
    return new CpuBackend(stream, chosen);
  }

  /** Maps the C API's status to the category that callers act on. */
  private static ErrorCode errorCode(int status) {
    return switch (status) {
      case CpuKernels.SF_INVALID_ARGUMENT -> ErrorCode.BAD_INPUT;
      case CpuKernels.SF_OUT_OF_MEMORY -> ErrorCode.OUT_OF_MEMORY;
      case CpuKernels.SF_UNSUPPORTED -> ErrorCode.UNSUPPORTED;
      case CpuKernels.SF_DEVICE_LOST -> ErrorCode.DEVICE_LOST;
      default -> ErrorCode.DEVICE_ERROR;
    };
  }

  private void check(int status) {
    if (status != CpuKernels.SF_OK) {
      throw new ScanFormerException(errorCode(status), CpuKernels.sf_error(stream).getString());
    }
  }

  @Override
  public BackendKind kind() {
    return BackendKind.CPU;
  }

  @Override
  public Precision precision() {
    return precision;
  }

  @Override
  public ElementType activationType() {
    return precision == Precision.BF16 ? ElementType.BF16 : ElementType.F32;
  }

  @Override
  public ElementType queryType() {
    return ElementType.F32;
  }

  @Override
  public void synchronize() {
    check(CpuKernels.sf_synchronize(stream));
  }

  /** Nothing is recorded here, so nothing needs rounding. */
  @Override
  public int passRows(int rows) {
    return rows;
  }

  @Override
  public void replay(LaunchShape shape, Runnable work) {
    work.run();
  }

  @Override
  public long memoryAvailable() {
    check(CpuKernels.sf_memory_available(stream, new Pointer(longResult)));
    return longResult.get(0);
  }

  @Override
  public void allocate(Tensor tensor) {
    // An empty array still gets an address, so that no operation meets a null.
    long bytes = Math.max(64, tensor.bytes());
    Pointer memory = new Pointer();
    int status = CpuKernels.sf_allocate(stream, bytes, memory);
    if (status != CpuKernels.SF_OK) {
      throw new ScanFormerException(
          errorCode(status),
          "No memory for "
              + tensor.name()
              + " ("
              + bytes
              + " bytes): "
              + CpuKernels.sf_error(stream).getString());
    }
    tensor.bind(memory);
    tensors.add(tensor);
  }

  @Override
  public void free(Tensor tensor) {
    if (tensors.remove(tensor)) {
      check(CpuKernels.sf_free(stream, tensor.pointer(), Math.max(64, tensor.bytes())));
      tensor.bind(null);
    }
  }

  @Override
  public Mirror allocateMirror(long bytes) {
    Tensor memory = new Tensor("tables", ElementType.U8, Math.max(64, bytes), 1);
    allocate(memory);
    return new CpuMirror(memory);
  }

  private static ByteBuffer view(Tensor tensor) {
    return new BytePointer(tensor.pointer())
        .capacity(tensor.bytes())
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /**
   * The address of a direct buffer's first remaining element; a plain Pointer counts its position
   * in bytes.
   */
  private static Pointer address(Buffer buffer, long elementBytes) {
    return new Pointer(buffer).position(buffer.position() * elementBytes);
  }

  @Override
  public void upload(Tensor tensor, long firstElement, Buffer source) {
    long elementBytes = tensor.type().bytes();
    check(
        CpuKernels.sf_upload(
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
        CpuKernels.sf_download(
            stream,
            tensor.pointer(),
            firstElement * elementBytes,
            address(destination, elementBytes),
            destination.remaining() * elementBytes));
  }

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
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The image is in the memory of a CUDA device, which the CPU cannot read");
    }
    if (!image.isDirect()) {
      stage(image);
    }
    check(
        CpuKernels.sf_build_pyramid(
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

  /**
   * Copies planes to native memory: Java's heap moves. The memory is kept and grown as larger
   * images come.
   */
  private void stage(PixelSource image) {
    reservePixels(image.bytes());
    long offset = 0;
    for (int p = 0; p < image.buffers(); p++) {
      ByteBuffer plane = image.buffer(p);
      pixelStagingHost.put((int) offset, plane, 0, plane.limit());
      image.setPlace(p, pixelStaging.address() + offset);
      offset += plane.limit();
    }
  }

  @Override
  public void reservePixels(long bytes) {
    if (pixelStaging == null || pixelStaging.bytes() < bytes) {
      if (pixelStaging != null) {
        free(pixelStaging);
      }
      pixelStaging = new Tensor("pixels", ElementType.U8, Math.max(1, bytes), 1);
      allocate(pixelStaging);
      pixelStagingHost = view(pixelStaging);
    }
  }

  @Override
  public void compactPatches(GridTable grids, int count, Table mask, Tensor indices, Table counts) {
    check(
        CpuKernels.sf_compact_patches(
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
        CpuKernels.sf_gather_patches(
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
        CpuKernels.sf_select_patches(
            stream,
            parents.table().device(),
            children.table().device(),
            count,
            logits.pointer(),
            indices.pointer(),
            mask.device()));
  }

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
        CpuKernels.sf_embed_text(
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
        CpuKernels.sf_embed_patches(
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

  @Override
  public Linear createLinear(
      String name, int out, int in, FloatBuffer weight, FloatBuffer bias, ElementType type) {
    Pointer handle = new Pointer();
    int status =
        CpuKernels.sf_linear_create(
            stream,
            out,
            in,
            address(weight, Float.BYTES),
            bias == null ? null : address(bias, Float.BYTES),
            type.code(),
            handle);
    if (status != CpuKernels.SF_OK) {
      throw new ScanFormerException(
          errorCode(status),
          "The linear layer "
              + name
              + " ["
              + out
              + ", "
              + in
              + "] could not be laid out: "
              + CpuKernels.sf_error(stream).getString());
    }
    CpuLinear linear = new CpuLinear(handle, out, in);
    linears.add(linear);
    return linear;
  }

  @Override
  public int linearRows(int rows) {
    return CpuKernels.sf_linear_rows(rows);
  }

  @Override
  public void linear(Tensor x, int rows, Linear weights, Activation activation, Tensor y) {
    check(
        CpuKernels.sf_linear_apply(
            stream,
            ((CpuLinear) weights).handle,
            rows,
            x.pointer(),
            activation.ordinal(),
            y.type().code(),
            y.pointer()));
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
        CpuKernels.sf_residual_layer_norm(
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
    return CpuKernels.sf_kv_bytes(heads, headSize, tokens, CpuKernels.SF_F32);
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
        CpuKernels.sf_append_kv(
            stream,
            appends.table().device(),
            appends.size(),
            rows,
            heads,
            headSize,
            layer,
            CpuKernels.SF_F32,
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
        CpuKernels.sf_attention(
            stream,
            blocks.table().device(),
            blocks.size(),
            rows,
            segments.table().device(),
            segments.size(),
            heads,
            headSize,
            layer,
            CpuKernels.SF_F32,
            q.pointer(),
            out.type().code(),
            out.pointer()));
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (CpuLinear linear : linears) {
      CpuKernels.sf_linear_destroy(linear.handle);
    }
    for (Tensor tensor : List.copyOf(tensors)) {
      free(tensor);
    }
    CpuKernels.sf_stream_destroy(stream);
  }

  /** A packed weight matrix in native memory. */
  private static final class CpuLinear implements Linear {
    private final Pointer handle;
    private final int out;
    private final int in;

    CpuLinear(Pointer handle, int out, int in) {
      this.handle = handle;
      this.out = out;
      this.in = in;
    }

    @Override
    public int out() {
      return out;
    }

    @Override
    public int in() {
      return in;
    }

    @Override
    public long bytes() {
      return CpuKernels.sf_linear_bytes(handle);
    }
  }

  /** Host memory is device memory here, so there is nothing to carry over. */
  private static final class CpuMirror implements Mirror {
    private final Pointer memory;
    private final ByteBuffer host;

    CpuMirror(Tensor tensor) {
      this.memory = tensor.pointer();
      this.host = view(tensor);
    }

    @Override
    public ByteBuffer host() {
      return host;
    }

    @Override
    public Pointer device() {
      return memory;
    }

    @Override
    public void toDevice() {}

    @Override
    public void toHost() {}
  }
}
