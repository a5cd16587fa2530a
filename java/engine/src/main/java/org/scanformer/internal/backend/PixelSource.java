package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;

/**
 * An image as the C API's {@code sf_image}. Where its planes are is known at once for direct
 * buffers and device memory; a backend that copies planes puts their places in. Not safe for use by
 * several threads.
 */
public final class PixelSource {
  static final int BYTES = 64;
  static final int PLANES = 0;
  static final int STRIDES = 24;
  static final int WIDTH = 48;
  static final int HEIGHT = 52;
  static final int FORMAT = 56;
  static final int COLOR = 60;

  private final ByteBuffer[] buffers;
  private final int planes;
  private final boolean onDevice;
  private final boolean direct;
  private final long[] planeBytes;
  private final long bytes;
  private final ByteBuffer fields;
  private final Pointer struct;

  /**
   * An image's planes.
   *
   * @throws ScanFormerException OUT_OF_MEMORY when the JVM has no direct memory left
   */
  public PixelSource(Image image) {
    fields = allocate().order(ByteOrder.nativeOrder());
    struct = new Pointer(fields);
    planes = image.format().planes();
    onDevice = image.isOnDevice();
    buffers = new ByteBuffer[onDevice ? 0 : planes];
    planeBytes = new long[planes];
    boolean allDirect = true;
    long total = 0;
    for (int p = 0; p < planes; p++) {
      fields.putLong(STRIDES + p * Long.BYTES, image.stride(p));
      planeBytes[p] = image.bytes(p);
      if (onDevice) {
        setPlace(p, image.address(p));
        continue;
      }
      buffers[p] = image.plane(p);
      allDirect &= buffers[p].isDirect();
      total += buffers[p].limit();
      setPlace(p, buffers[p].isDirect() ? new Pointer(buffers[p]).address() : 0);
    }
    direct = allDirect;
    bytes = total;
    fields.putInt(WIDTH, image.width());
    fields.putInt(HEIGHT, image.height());
    fields.putInt(FORMAT, image.format().ordinal());
    fields.putInt(COLOR, image.color() == null ? 0 : image.color().ordinal());
  }

  private static ByteBuffer allocate() {
    try {
      return ByteBuffer.allocateDirect(BYTES);
    } catch (OutOfMemoryError e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          "image: no direct memory for the " + BYTES + " bytes of its description",
          e);
    }
  }

  /**
   * Refuses pixels whose memory an application has freed, where that can be told: native code would
   * read it all the same.
   *
   * @throws IllegalStateException when a plane's arena is closed
   */
  public void requireMemory() {
    for (ByteBuffer buffer : buffers) {
      try {
        buffer.get(0);
      } catch (IllegalStateException e) {
        throw freed(e);
      } catch (RuntimeException e) {
        // Of a confined arena, which keeps Java code of other threads from its memory, open or not.
        if (!BufferArenas.isOpen(buffer)) {
          throw freed(e);
        }
      }
    }
  }

  private static IllegalStateException freed(RuntimeException cause) {
    return new IllegalStateException(
        "The memory of the image is freed: the arena of its buffer is closed", cause);
  }

  /** Whether the planes are in the memory of a CUDA device. */
  public boolean isOnDevice() {
    return onDevice;
  }

  /** Whether the host's native code reads the planes where they are. */
  public boolean isDirect() {
    return direct && !onDevice;
  }

  /** Planes, in buffers or not. */
  public int planes() {
    return planes;
  }

  /** Planes that are in buffers: 0 for an image on a device. */
  public int buffers() {
    return buffers.length;
  }

  /** A plane's bytes, from position 0 to the limit. For absolute access only. */
  public ByteBuffer buffer(int plane) {
    return buffers[plane];
  }

  /** Bytes from a plane's first sample to its last. */
  public long planeBytes(int plane) {
    return planeBytes[plane];
  }

  /** Bytes of all buffers. */
  public long bytes() {
    return bytes;
  }

  /** Where the reader of {@link #struct()} finds a plane. */
  public void setPlace(int plane, long address) {
    fields.putLong(PLANES + plane * Long.BYTES, address);
  }

  /** Where a plane is. */
  public long place(int plane) {
    return fields.getLong(PLANES + plane * Long.BYTES);
  }

  /** Whether another image has this one's size, format and color. */
  boolean alike(PixelSource other) {
    for (int field = WIDTH; field < BYTES; field += Integer.BYTES) {
      if (fields.getInt(field) != other.fields.getInt(field)) {
        return false;
      }
    }
    return true;
  }

  /** The {@code sf_image}. */
  public Pointer struct() {
    return struct;
  }
}
