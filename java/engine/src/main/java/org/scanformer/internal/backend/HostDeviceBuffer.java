package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * Zeroed host memory and as much device memory, with copies between them; on the CPU the two are
 * one. Owned by the backend that allocated it. Used by one thread at a time.
 */
public interface HostDeviceBuffer {
  /** The host's side, in native byte order. */
  ByteBuffer host();

  /** The device's side. */
  Pointer device();

  /**
   * Enqueues a copy to the device. The host's side must stay as it is until the backend is
   * synchronised.
   */
  void toDevice();

  /** Enqueues a copy to the host, which may be read once the backend is synchronised. */
  void toHost();
}
