package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * Zeroed memory of the host's and as much of the device's, with copies between them; on the CPU the
 * two are one. Owned by the backend that allocated it. Not safe for use by several threads.
 */
public interface Mirror {
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
