package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_query_block}. Not safe for use by several threads. */
public final class QueryBlockTable {
  /** Bytes a row. */
  public static final int BYTES = 24;

  private final Table table;
  private int size;

  /** A view of a table of a multiple of {@link #BYTES} bytes. */
  public QueryBlockTable(Table table) {
    this.table = table;
  }

  /** Forgets all rows. */
  public void clear() {
    size = 0;
  }

  /** Adds consecutive queries that attend to the segments from begin to end (exclusive). */
  public void add(int queryRow, int outRow, int rows, int segmentBegin, int segmentEnd) {
    ByteBuffer host = table.host();
    int base = size * BYTES;
    host.putInt(base, queryRow);
    host.putInt(base + 4, outRow);
    host.putInt(base + 8, rows);
    host.putInt(base + 12, segmentBegin);
    host.putInt(base + 16, segmentEnd);
    host.putInt(base + 20, 0);
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
