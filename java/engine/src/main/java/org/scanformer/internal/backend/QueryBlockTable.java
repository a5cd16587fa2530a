package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/**
 * Rows of the C API's {@code sf_query_block}, none for more queries than a maximum. Not safe for
 * use by several threads.
 */
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
  private final int mostRows;
  private int size;

  /**
   * A view of a table of a multiple of {@link #BYTES} bytes.
   *
   * @param mostRows the most queries of a block
   */
  public QueryBlockTable(Table table, int mostRows) {
    this.table = table;
    this.mostRows = mostRows;
  }

  /** The most blocks that a number of runs of consecutive queries are cut into. */
  public static int mostBlocks(int queries, int runs, int mostRows) {
    return queries / mostRows + runs;
  }

  /** Forgets all rows. */
  public void clear() {
    size = 0;
  }

  /**
   * Adds consecutive queries that attend to the segments from begin to end (exclusive), in as many
   * blocks as they need.
   */
  public void add(int queryRow, int outRow, int rows, int segmentBegin, int segmentEnd) {
    for (int first = 0; first < rows; first += Math.min(mostRows, rows - first)) {
      int count = Math.min(mostRows, rows - first);
      put(queryRow + first, outRow + first, count, segmentBegin, segmentEnd);
    }
  }

  /** Adds blocks without queries until there are that many. */
  public void fill(int blocks) {
    while (size < blocks) {
      put(0, 0, 0, 0, 1);
    }
  }

  private void put(int queryRow, int outRow, int rows, int segmentBegin, int segmentEnd) {
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

  /** Sets the number of rows, which the device fills in. */
  public void resize(int blocks) {
    size = blocks;
  }

  /** Number of rows. */
  public int size() {
    return size;
  }

  /** The most queries of a block. */
  public int mostRows() {
    return mostRows;
  }

  /** The table itself. */
  public Table table() {
    return table;
  }
}
