package org.scanformer.internal.engine;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.HostDeviceBuffer;
import org.scanformer.internal.backend.Tensor;

/**
 * A backend that has memory of the host and no operations. Rows are rounded up to fours, and query
 * blocks have up to 8.
 */
final class HostMemory {
  static final int KV_BYTES = 64;
  static final int BLOCK_ROWS = 8;
  static final int BODY_BYTES = 1000;

  private HostMemory() {}

  static Backend backend() {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "activationType", "queryType" -> ElementType.F32;
                  case "passRows", "linearRows" -> ((int) arguments[0] + 3) / 4 * 4;
                  case "queryBlockRows" -> BLOCK_ROWS;
                  case "kvBytes" -> (long) KV_BYTES * (int) arguments[2];
                  case "ownBytes", "recordingBytes", "stagingBytes" -> 0L;
                  case "whyNoSwitching" -> null;
                  case "switchingBytes" -> (long) BODY_BYTES * (int) arguments[0];
                  case "allocate" -> {
                    Tensor tensor = (Tensor) arguments[0];
                    tensor.bind(new Pointer(buffer(tensor.bytes())));
                    yield null;
                  }
                  case "allocateHostDevice" -> new HostBuffer(buffer((long) arguments[0]));
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  private record HostBuffer(ByteBuffer host) implements HostDeviceBuffer {
    @Override
    public Pointer device() {
      return new Pointer(host);
    }

    @Override
    public void toDevice() {
      // The device's side is the host's.
    }

    @Override
    public void toHost() {
      // The device's side is the host's.
    }
  }
}
