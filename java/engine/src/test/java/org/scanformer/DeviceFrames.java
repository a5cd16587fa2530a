package org.scanformer;

import java.nio.ByteBuffer;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.cuda.CudaBackend;
import org.scanformer.internal.cuda.CudaDevices;

/** Memory of CUDA device 0 that belongs to nobody's model, as a decoder's would. */
final class DeviceFrames implements AutoCloseable {
  private final CudaBackend owner = CudaBackend.open(CudaDevices.probe(0), Precision.FP32);

  /** Copies a direct buffer's remaining bytes to the device; their address there. */
  long put(ByteBuffer bytes) {
    Tensor memory = new Tensor("frame", ElementType.U8, bytes.remaining(), 1);
    owner.allocate(memory);
    owner.upload(memory, 0, bytes);
    return memory.address();
  }

  @Override
  public void close() {
    owner.close();
  }
}
