package org.scanformer.internal.engine;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.Tensor;

/**
 * The keys and values of one batch: per layer a row of segments, handed out one after another. A
 * segment's place in layer l is its address plus l times {@link #layerStride()}. Not safe for use
 * by several threads.
 */
final class KvArena {
  private final Tensor memory;
  private final Backend backend;
  private final int heads;
  private final int headSize;
  private final long layerStride;
  private long used;

  /** An arena over memory [layers, layerStride bytes]. */
  KvArena(Tensor memory, Backend backend, int heads, int headSize, long layerStride) {
    this.memory = memory;
    this.backend = backend;
    this.heads = heads;
    this.headSize = headSize;
    this.layerStride = layerStride;
  }

  /** Removes all segments. */
  void clear() {
    used = 0;
  }

  /** The layer-0 address of a new segment with room for that many tokens. */
  long allocate(int tokens) {
    long bytes = backend.kvBytes(heads, headSize, tokens);
    if (used + bytes > layerStride) {
      throw new ScanFormerException(
          ErrorCode.DEVICE_ERROR,
          "The KV cache holds "
              + layerStride
              + " bytes a layer, found "
              + (used + bytes)
              + " needed");
    }
    long address = memory.address() + used;
    used += bytes;
    return address;
  }

  long layerStride() {
    return layerStride;
  }
}
