package org.scanformer.internal.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/** Times work on the device. Used by one thread at a time. */
final class MatmulTimer {
  private static final int RUNS = 3;

  private final NativeStream stream;
  private final Tensor flushed;
  private final FloatBuffer milliseconds =
      ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
  private final Pointer millisecondsAddress = new Pointer(milliseconds);

  /**
   * A timer of a stream.
   *
   * @param flushed device memory that holds nothing between products, larger than the L2 cache
   */
  MatmulTimer(NativeStream stream, Tensor flushed) {
    this.stream = stream;
    this.flushed = flushed;
  }

  /**
   * Milliseconds of the fastest of some runs. Memory is written before each, which pushes weights
   * out of the L2 cache: in a forward pass too a layer's weights come from memory, as those of all
   * others were used since.
   */
  float time(Runnable work) {
    // The first run loads kernels.
    work.run();
    float fastest = Float.POSITIVE_INFINITY;
    for (int i = 0; i < RUNS; i++) {
      stream.check(CudaApi.sf_clear(stream.pointer(), flushed.pointer(), flushed.bytes()));
      stream.check(CudaApi.sf_timer_begin(stream.pointer()));
      work.run();
      stream.check(CudaApi.sf_timer_end(stream.pointer(), millisecondsAddress));
      fastest = Math.min(fastest, milliseconds.get(0));
    }
    return fastest;
  }
}
