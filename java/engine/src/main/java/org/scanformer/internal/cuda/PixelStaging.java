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
 * another, in chunks: while one is under way to the device the next are copied. Both memories are
 * kept, and grown to the largest batch. Used by one thread at a time.
 */
final class PixelStaging {
  private final CudaBackend backend;
  private final PinnedMemory pinned;
  private final PixelCopies copies = new PixelCopies();

  /** Null until there is all of it. */
  private Tensor memory;

  private Pointer pinnedMemory;
  private ByteBuffer host;

  /** Places on the two sides, moved over them so that a call makes none. */
  private Pointer from;

  private Pointer to;

  /** Bytes whose copies may still be under way. */
  private long used;

  /** Images that were expected and have not come yet. */
  private int expected;

  /** Where the next chunk lies. */
  private long sent;

  PixelStaging(CudaBackend backend, PinnedMemory pinned) {
    this.backend = backend;
    this.pinned = pinned;
  }

  /** Waits until nobody reads images any more, and expects none. */
  void drain() {
    copies.drain();
    expected = 0;
  }

  /** All copies are done: the memory is free for the next batch. */
  void clear() {
    used = 0;
  }

  /**
   * Begins to copy images, of which those that are in buffers come to {@link #toDevice} next, in
   * this order.
   */
  void expect(PixelSource[] images, int count) {
    long bytes = 0;
    int chunks = 0;
    for (int i = 0; i < count; i++) {
      bytes = Math.addExact(bytes, images[i].bytes());
      chunks += chunks(images[i]);
    }
    if (bytes == 0) {
      return;
    }
    begin(bytes, chunks);
    for (int i = 0; i < count; i++) {
      add(images[i]);
    }
    copies.help();
  }

  private static int chunks(PixelSource image) {
    int chunks = 0;
    for (int p = 0; p < image.buffers(); p++) {
      chunks += PixelCopies.chunks(image.buffer(p).limit());
    }
    return chunks;
  }

  private void begin(long bytes, int chunks) {
    drain();
    if (memory == null || memory.bytes() - used < bytes) {
      reserve(Math.addExact(used, bytes));
    }
    copies.begin(host, chunks);
    sent = used;
  }

  private void add(PixelSource image) {
    for (int p = 0; p < image.buffers(); p++) {
      ByteBuffer plane = image.buffer(p);
      copies.add(plane, (int) used);
      image.setPlace(p, memory.address() + used);
      used += plane.limit();
    }
    expected += image.buffers() > 0 ? 1 : 0;
  }

  /**
   * Enqueues the copy of an image, which is on the device until the next synchronisation. While
   * other images wait to be copied, it goes in one piece: each piece costs the driver some
   * microseconds.
   */
  void toDevice(PixelSource image) {
    if (expected == 0) {
      begin(image.bytes(), chunks(image));
      add(image);
    }
    expected--;
    for (int left = chunks(image); left > 0; left--) {
      long bytes = copies.await();
      for (; expected > 0 && left > 1; left--) {
        bytes += copies.await();
      }
      from.position(sent);
      to.position(sent);
      backend.stream()
          .check(CudaApi.sf_copy_to_device(backend.stream().pointer(), to, from, bytes));
      sent += bytes;
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
