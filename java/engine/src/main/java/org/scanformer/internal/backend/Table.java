package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * A small array that both sides reach: the host through {@link #host()}, the device through {@link
 * #device()}. On a GPU these are two copies, and {@link #toDevice()} and {@link #toHost()} carry
 * the content over; on the CPU they are one. Owned by the backend that allocated it. Not safe for
 * use by several threads.
 */
public interface Table {
  /**
   * The host's side, in native byte order. Absolute access alone: its position and limit are not to
   * be moved.
   */
  ByteBuffer host();

  /** The device's side. */
  Pointer device();

  /** Makes what the host wrote visible to operations enqueued from now on. */
  void toDevice();

  /** Waits for the work enqueued so far and makes what it wrote visible to the host. */
  void toHost();
}
