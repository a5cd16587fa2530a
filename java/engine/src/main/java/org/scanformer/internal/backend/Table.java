package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * A small array that both sides reach: the host through {@link #host()}, the device through {@link
 * #device()}. On a GPU these are two copies, which the {@link TableGroup} that it belongs to
 * carries over. Not safe for use by several threads.
 */
public final class Table {
  private final long bytes;
  private ByteBuffer host;
  private Pointer device;

  Table(long bytes) {
    this.bytes = bytes;
  }

  void bind(ByteBuffer hostSide, Pointer deviceSide) {
    this.host = hostSide;
    this.device = deviceSide;
  }

  /** Its size in bytes. */
  public long bytes() {
    return bytes;
  }

  /**
   * The host's side, in native byte order. Only for absolute access: its position and limit are not
   * to be moved.
   */
  public ByteBuffer host() {
    return host;
  }

  /** The device's side, aligned to 64 bytes. */
  public Pointer device() {
    return device;
  }

  /** The device's side as a number, for tables that the device reads. */
  public long address() {
    return device.address() + device.position();
  }
}
