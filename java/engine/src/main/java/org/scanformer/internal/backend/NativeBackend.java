package org.scanformer.internal.backend;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.natives.api.Api;

/** What the backends over the C API share: their stream, and the memory of arrays. */
public abstract class NativeBackend implements Backend {
  private final NativeStream stream;
  private final Precision precision;
  private final int computeType;
  private final Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());

  // A direct buffer and not a LongPointer: JavaCPP refuses its own allocations once the process
  // uses more native memory than a limit that follows from -Xmx, and weights are native memory.
  private final LongBuffer longResult =
      ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.nativeOrder()).asLongBuffer();

  private boolean closed;

  /**
   * A backend on a stream, which it owns.
   *
   * @param computeType the C API's number of the compute type of attention
   */
  protected NativeBackend(NativeStream stream, Precision precision, int computeType) {
    this.stream = stream;
    this.precision = precision;
    this.computeType = computeType;
    PointerThread.backendOpened();
  }

  @Override
  public final NativeStream stream() {
    return stream;
  }

  @Override
  public final int computeType() {
    return computeType;
  }

  @Override
  public final Precision precision() {
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
  public void synchronize() {
    stream.check(stream.synchronize());
  }

  @Override
  public final long memoryAvailable() {
    stream.check(Api.sf_memory_available(stream.pointer(), new Pointer(longResult)));
    return longResult.get(0);
  }

  // An empty array still gets an address, so that no operation meets a null.
  private static long allocatedBytes(Tensor tensor) {
    return Math.max(64, tensor.bytes());
  }

  @Override
  public final void allocate(Tensor tensor) {
    long bytes = allocatedBytes(tensor);
    Pointer memory = new Pointer();
    int status = Api.sf_allocate(stream.pointer(), bytes, memory);
    if (status != Api.SF_OK) {
      throw stream.failure(status, "No memory for " + tensor.name() + " (" + bytes + " bytes): ");
    }
    tensor.bind(memory);
    tensors.add(tensor);
  }

  @Override
  public final void free(Tensor tensor) {
    if (tensors.remove(tensor)) {
      stream.check(Api.sf_free(stream.pointer(), tensor.pointer(), allocatedBytes(tensor)));
      tensor.bind(null);
    }
  }

  /** Gives all arrays' memory back. */
  protected final void freeAll() {
    List.copyOf(tensors).forEach(this::free);
  }

  /** Host memory as a buffer in native byte order, without an owner. */
  public static ByteBuffer view(Pointer memory, long bytes) {
    return new BytePointer(memory).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /**
   * The address of a direct buffer's first remaining element; a plain Pointer counts its position
   * in bytes.
   */
  protected static Pointer address(Buffer buffer, long elementBytes) {
    return new Pointer(buffer).position(buffer.position() * elementBytes);
  }

  /**
   * Refuses to copy more pixels than Java's buffers reach.
   *
   * @throws ScanFormerException BAD_INPUT for more than 2^31 - 1 bytes
   */
  public static void requireStageable(long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The pixels to be copied have "
              + bytes
              + " bytes, expected at most "
              + Integer.MAX_VALUE);
    }
  }

  @Override
  public final void upload(Tensor tensor, long firstElement, Buffer source) {
    long elementBytes = tensor.type().bytes();
    stream.check(
        Api.sf_upload(
            stream.pointer(),
            tensor.pointer(),
            firstElement * elementBytes,
            address(source, elementBytes),
            source.remaining() * elementBytes));
  }

  @Override
  public final void download(Tensor tensor, long firstElement, Buffer destination) {
    long elementBytes = tensor.type().bytes();
    stream.check(
        Api.sf_download(
            stream.pointer(),
            tensor.pointer(),
            firstElement * elementBytes,
            address(destination, elementBytes),
            destination.remaining() * elementBytes));
  }

  /** Gives back what the device has, before the stream is freed. */
  protected abstract void release();

  /** Idempotent. Waits for nothing but the stream's own work. */
  @Override
  public final void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      // On a lost device nothing can be freed: its memory goes with the process.
      if (stream.synchronize() != Api.SF_DEVICE_LOST) {
        release();
      }
    } finally {
      stream.destroy();
      PointerThread.backendClosed();
    }
  }
}
