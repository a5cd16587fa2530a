package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_kv_segment}. Not safe for use by several threads. */
public final class KvSegmentTable {
  /** Bytes a row. */
  public static final int BYTES = 24;

  static final int KV = 0;
  static final int LAYER_STRIDE = 8;
  static final int TOKENS = 16;
  static final int RESERVED = 20;

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
    host.putLong(base + KV, address);
    host.putLong(base + LAYER_STRIDE, layerStride);
    host.putInt(base + TOKENS, tokens);
    host.putInt(base + RESERVED, 0);
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
