package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_kv_append}. Not safe for use by several threads. */
public final class KvAppendTable {
  /** Bytes a row. */
  public static final int BYTES = 32;

  private final Table table;
  private int size;

  /** A view of a table of a multiple of {@link #BYTES} bytes. */
  public KvAppendTable(Table table) {
    this.table = table;
  }

  /** Forgets all rows. */
  public void clear() {
    size = 0;
  }

  /** Adds an append of a whole segment, from a first row of the packed queries, keys and values. */
  public void add(long address, long layerStride, int row, int tokens) {
    ByteBuffer host = table.host();
    int base = size * BYTES;
    host.putLong(base, address);
    host.putLong(base + 8, layerStride);
    host.putInt(base + 16, row);
    host.putInt(base + 20, tokens);
    host.putInt(base + 24, 0);
    host.putInt(base + 28, tokens);
    size++;
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
