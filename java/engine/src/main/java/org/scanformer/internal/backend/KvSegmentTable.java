package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_kv_segment}. Not safe for use by several threads. */
public final class KvSegmentTable {
  /** Bytes a row. */
  public static final int BYTES = 24;

  private final Table table;
  private int size;

  /** A view of a table of a multiple of {@link #BYTES} bytes. */
  public KvSegmentTable(Table table) {
    this.table = table;
  }

  /** Sets the number of rows that operations may refer to. */
  public void resize(int rows) {
    size = rows;
  }

  /** Fills in a row. */
  public void set(int row, long address, long layerStride, int tokens) {
    ByteBuffer host = table.host();
    int base = row * BYTES;
    host.putLong(base, address);
    host.putLong(base + 8, layerStride);
    host.putInt(base + 16, tokens);
    host.putInt(base + 20, 0);
  }

  /** Number of rows. */
  public int size() {
    return size;
  }

  /** The table itself. */
  public Table table() {
    return table;
  }
}
