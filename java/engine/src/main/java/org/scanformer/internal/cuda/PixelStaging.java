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
 * kept, and grow with the batches, but only single images make them larger than a bound: those of
 * larger batches take turns. Used by one thread at a time.
 */
final class PixelStaging {
  private static final String MOST_PROPERTY = "org.scanformer.cuda.stagingBytes";
  private static final long MOST_BYTES = 512L << 20;

  private final CudaBackend backend;
  private final PinnedMemory pinned;
  private final PixelCopies copies = new PixelCopies();
  private final long most = Math.min(Long.getLong(MOST_PROPERTY, MOST_BYTES), Integer.MAX_VALUE);

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

  /** Bytes for batches of images of a size. */
  long bytes(long imageBytes, int images) {
    long all =
        imageBytes > most / Math.max(1, images) ? Math.max(most, imageBytes) : imageBytes * images;
    return Math.min(all, Integer.MAX_VALUE);
  }

  /**
   * Begins to copy images, of which those that are in buffers come to {@link #toDevice} next, in
   * this order.
   *
   * @param first the first image
   * @param all behind the last that is wanted
   * @return behind the last that there is room for; the others are to be expected when the device
   *     has read these
   */
  int expect(PixelSource[] images, int first, int all) {
    long bytes = 0;
    int chunks = 0;
    int end = first;
    while (end < all && (end == first || bytes + images[end].bytes() <= most)) {
      bytes += images[end].bytes();
      chunks += chunks(images[end]);
      end++;
    }
    if (bytes > 0) {
      begin(bytes, chunks);
      for (int i = first; i < end; i++) {
        add(images[i]);
      }
      copies.help();
    }
    return end;
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

  /**
   * Makes room. What grows does so by half, as batches of ever more images would else have it grow
   * each time.
   *
   * @param bytes at most 2 GiB, which Java's buffers reach
   */
  void reserve(long bytes) {
    if (memory != null && memory.bytes() >= bytes) {
      return;
    }
    CudaBackend.requireStageable(bytes);
    long wanted = Math.max(64, bytes);
    if (memory != null) {
      wanted = Math.max(wanted, Math.min(memory.bytes() + memory.bytes() / 2, most));
      backend.synchronize();
      Tensor old = memory;
      memory = null;
      backend.free(old);
      pinned.free(pinnedMemory);
    }
    Tensor grown = new Tensor("pixels", ElementType.U8, wanted, 1);
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
