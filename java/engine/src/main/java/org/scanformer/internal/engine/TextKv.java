package org.scanformer.internal.engine;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;

/**
 * An expression's keys and values of all layers, kept on the device. Freed by its owner, once it is
 * closed and nobody uses it. Counting users is thread-safe.
 */
final class TextKv {
  private final Tensor memory;
  private final long layerStride;
  private final int tokens;
  private int users;
  private boolean closed;

  private TextKv(Tensor memory, long layerStride, int tokens) {
    this.memory = memory;
    this.layerStride = layerStride;
    this.tokens = tokens;
  }

  static TextKv allocate(Backend backend, int heads, int headSize, int layers, int tokens) {
    long layerStride = backend.kvBytes(heads, headSize, tokens);
    Tensor memory =
        new Tensor("the text's keys and values", ElementType.U8, layers * layerStride, 1);
    backend.allocate(memory);
    return new TextKv(memory, layerStride, tokens);
  }

  /** Counts a user in, unless it is closed. */
  synchronized boolean acquire() {
    if (closed) {
      return false;
    }
    users++;
    return true;
  }

  /** Counts a user out; whether the memory is to be freed now. */
  synchronized boolean release() {
    users--;
    return closed && users == 0;
  }

  /** Refuses users from now on; whether the memory is to be freed now. */
  synchronized boolean close() {
    if (closed) {
      return false;
    }
    closed = true;
    return users == 0;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Frees the memory. On a lost device, where nothing can be freed, it goes with the process. */
  void free(Backend backend) {
    try {
      backend.free(memory);
    } catch (ScanFormerException e) {
      if (e.code() != ErrorCode.DEVICE_LOST) {
        throw e;
      }
    }
  }

  long address() {
    return memory.address();
  }

  long layerStride() {
    return layerStride;
  }

  int tokens() {
    return tokens;
  }
}
