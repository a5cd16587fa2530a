package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_kv_append}. Not safe for use by several threads. */
public final class KvAppendTable {
  /** Bytes a row. */
  public static final int BYTES = 32;

  static final int KV = 0;
  static final int LAYER_STRIDE = 8;
  static final int ROW = 16;
  static final int TOKENS = 20;
  static final int POSITION = 24;
  static final int CAPACITY = 28;

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
    host.putLong(base + KV, address);
    host.putLong(base + LAYER_STRIDE, layerStride);
    host.putInt(base + ROW, row);
    host.putInt(base + TOKENS, tokens);
    host.putInt(base + POSITION, 0);
    host.putInt(base + CAPACITY, tokens);
    size++;
  }

  /** Sets the number of rows, which the device fills in. */
  public void resize(int rows) {
    size = rows;
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
