package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/** An image's bytes, heap or direct, with the address of those that have one. Immutable. */
public final class PixelSource {
  private final ByteBuffer buffer;
  private final Pointer address;

  /** The buffer's remaining bytes. */
  public PixelSource(ByteBuffer buffer) {
    this.buffer = buffer.slice();
    this.address = buffer.isDirect() ? new Pointer(this.buffer) : null;
  }

  /** The bytes, from position 0 to the limit. Absolute access alone. */
  public ByteBuffer buffer() {
    return buffer;
  }

  /** Where the first of them is in native memory; null for a heap buffer. */
  public Pointer address() {
    return address;
  }
}
