package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Tables that travel between host and device together, in one copy. Not safe for use by several
 * threads.
 */
public final class TableGroup {
  private static final int ALIGNMENT = 64;

  private final List<Table> tables = new ArrayList<>();
  private long bytes;
  private HostDeviceBuffer buffer;

  /**
   * Declares a table; it has memory after {@link #reserve}.
   *
   * @throws ArithmeticException when the group gets larger than a buffer of the JVM
   */
  public Table table(long tableBytes) {
    Table table = new Table(tableBytes);
    tables.add(table);
    long aligned = (tableBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    bytes = Math.toIntExact(Math.addExact(bytes, aligned));
    return table;
  }

  /** Bytes of all tables together. */
  public long bytes() {
    return bytes;
  }

  /** Gives every table its memory. */
  public void reserve(Backend backend) {
    buffer = backend.allocateHostDevice(bytes);
    int offset = 0;
    for (Table table : tables) {
      int size = Math.toIntExact(table.bytes());
      ByteBuffer host = buffer.host().slice(offset, size).order(ByteOrder.nativeOrder());
      table.bind(host, new Pointer(buffer.device()).position(offset));
      offset += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
  }

  /** As {@link HostDeviceBuffer#toDevice()}. */
  public void toDevice() {
    buffer.toDevice();
  }

  /** As {@link HostDeviceBuffer#toHost()}. */
  public void toHost() {
    buffer.toHost();
  }
}
