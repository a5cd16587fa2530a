package org.scanformer.internal.cuda;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.natives.cuda.CudaApi;

/** A stream's pinned host memory, freed with it at the latest. Used by one thread at a time. */
final class PinnedMemory {
  private final NativeStream stream;
  private final List<Pointer> allocated = new ArrayList<>();

  PinnedMemory(NativeStream stream) {
    this.stream = stream;
  }

  /** Zeroed memory of that many bytes, at least one. */
  Pointer allocate(long bytes) {
    Pointer memory = new Pointer();
    stream.check(CudaApi.sf_allocate_host(stream.pointer(), bytes, memory));
    allocated.add(memory);
    return memory;
  }

  void free(Pointer memory) {
    allocated.remove(memory);
    stream.check(CudaApi.sf_free_host(stream.pointer(), memory));
  }

  void freeAll() {
    List.copyOf(allocated).forEach(this::free);
  }
}
