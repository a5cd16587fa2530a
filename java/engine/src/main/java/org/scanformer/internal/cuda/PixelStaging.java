package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Pinned memory and as much of the device's, through which the pixels of a batch go one image after
 * another; both are kept, and grown to the largest batch. Used by one thread at a time.
 */
final class PixelStaging {
  private final CudaBackend backend;
  private final PinnedMemory pinned;

  /** Null until there is all of it. */
  private Tensor memory;

  private Pointer pinnedMemory;
  private ByteBuffer host;

  /** Places on the two sides, moved over them so that a call makes none. */
  private Pointer from;

  private Pointer to;

  /** Bytes whose copies may still be under way. */
  private long used;

  PixelStaging(CudaBackend backend, PinnedMemory pinned) {
    this.backend = backend;
    this.pinned = pinned;
  }

  /** All copies are done: the memory is free for the next batch. */
  void clear() {
    used = 0;
  }

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
      backend.stream()
          .check(CudaApi.sf_copy_to_device(backend.stream().pointer(), to, from, bytes));
      image.setPlace(p, memory.address() + used);
      used += bytes;
    }
  }

  /** At most 2 GiB, which Java's buffers reach. */
  void reserve(long bytes) {
    if (memory != null && memory.bytes() >= bytes) {
      return;
    }
    CudaBackend.requireStageable(bytes);
    if (memory != null) {
      backend.synchronize();
      Tensor old = memory;
      memory = null;
      backend.free(old);
      pinned.free(pinnedMemory);
    }
    Tensor grown = new Tensor("pixels", ElementType.U8, Math.max(64, bytes), 1);
    backend.allocate(grown);
    try {
      pinnedMemory = pinned.allocate(grown.bytes());
    } catch (ScanFormerException e) {
      backend.free(grown);
      throw e;
    }
    host = CudaBackend.view(pinnedMemory, grown.bytes());
    from = new Pointer(pinnedMemory);
    to = new Pointer(grown.pointer());
    memory = grown;
  }
}
