package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/** Rows of the C API's {@code sf_query_block}. Not safe for use by several threads. */
public final class QueryBlockTable {
  /** Bytes a row. */
  public static final int BYTES = 24;

  static final int Q_ROW = 0;
  static final int OUT_ROW = 4;
  static final int ROWS = 8;
  static final int SEGMENT_BEGIN = 12;
  static final int SEGMENT_END = 16;
  static final int RESERVED = 20;

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
    host.putInt(base + Q_ROW, queryRow);
    host.putInt(base + OUT_ROW, outRow);
    host.putInt(base + ROWS, rows);
    host.putInt(base + SEGMENT_BEGIN, segmentBegin);
    host.putInt(base + SEGMENT_END, segmentEnd);
    host.putInt(base + RESERVED, 0);
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
