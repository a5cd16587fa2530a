package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/**
 * Rows of the CUDA backend's {@code sf_batch_segment}: the segments of a batch that the device
 * packs. Not safe for use by several threads.
 */
public final class BatchSegmentTable {
  /** Bytes a row. */
  public static final int BYTES = 24;

  private static final int GRID = 0;
  private static final int SEGMENT_BEGIN = 8;
  private static final int SEGMENT = 12;
  private static final int ROW = 16;
  private static final int CAPACITY = 20;

  private final Table table;
  private int size;

  /** A view of a table of a multiple of {@link #BYTES} bytes. */
  public BatchSegmentTable(Table table) {
    this.table = table;
  }

  /** Forgets all rows. */
  public void clear() {
    size = 0;
  }

  /**
   * Adds a segment, whose tokens attend to the segments from one to its own.
   *
   * @param gridAddress of the scale's row in a {@link GridTable}, on the device
   * @param scaleRow where the tokens of its scale begin
   * @param capacity the most tokens
   */
  public void add(long gridAddress, int segmentBegin, int segment, int scaleRow, int capacity) {
    ByteBuffer host = table.host();
    int base = size * BYTES;
    host.putLong(base + GRID, gridAddress);
    host.putInt(base + SEGMENT_BEGIN, segmentBegin);
    host.putInt(base + SEGMENT, segment);
    host.putInt(base + ROW, scaleRow);
    host.putInt(base + CAPACITY, capacity);
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
