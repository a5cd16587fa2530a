package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.QueryBlockTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.TableGroup;

/**
 * The tokens that go through a range of layers together: segments of one or more requests, packed
 * one after another without padding. Each segment's keys are appended to the cache, and each of its
 * tokens attends to its request's segments up to its own. Not safe for use by several threads.
 */
final class Pass {
  /** Where the segments' keys and values go. */
  final KvAppendTable appends;

  /** Which segments each segment's tokens attend to. */
  final QueryBlockTable blocks;

  /**
   * The same for the [REG] tokens whose box is asked for, one row each: all that the last layer
   * needs to compute.
   */
  final QueryBlockTable regBlocks;

  /** The rows of those [REG] tokens, int32. */
  final Table regRows;

  /** The count weight of every token, int32. */
  final Table counts;

  private int rows;

  /** A pass of at most so many tokens, segments, and requests, whose tables are of a group. */
  Pass(TableGroup group, int maxRows, int maxSegments, int maxRequests) {
    appends = new KvAppendTable(table(group, maxSegments, KvAppendTable.BYTES));
    blocks = new QueryBlockTable(table(group, maxSegments, QueryBlockTable.BYTES));
    regBlocks = new QueryBlockTable(table(group, maxRequests, QueryBlockTable.BYTES));
    regRows = table(group, maxRequests, Integer.BYTES);
    counts = table(group, maxRows, Integer.BYTES);
  }

  private static Table table(TableGroup group, int rows, int bytes) {
    return group.table((long) rows * bytes);
  }

  /** Forgets all segments. */
  void clear() {
    appends.clear();
    blocks.clear();
    regBlocks.clear();
    rows = 0;
  }

  /** Packed tokens so far. */
  int rows() {
    return rows;
  }

  /**
   * Adds a segment behind those there are, whose tokens attend to the segments from firstSegment to
   * lastSegment, the last being their own.
   *
   * @param discarded patches that the last token stands for; 0 when there is no constant token
   * @return the row of its first token
   */
  int addSegment(
      long address,
      long layerStride,
      int tokens,
      int discarded,
      int firstSegment,
      int lastSegment) {
    int row = rows;
    appends.add(address, layerStride, row, tokens);
    blocks.add(row, row, tokens, firstSegment, lastSegment + 1);
    ByteBuffer host = counts.host();
    for (int i = 0; i < tokens; i++) {
      host.putInt((row + i) * Integer.BYTES, 1);
    }
    if (discarded > 0) {
      host.putInt((row + tokens - 1) * Integer.BYTES, discarded);
    }
    rows += tokens;
    return row;
  }

  /** Asks for the box of the [REG] token in that row. */
  void addReg(int row, int firstSegment, int lastSegment) {
    int index = regBlocks.size();
    regBlocks.add(row, index, 1, firstSegment, lastSegment + 1);
    regRows.host().putInt(index * Integer.BYTES, row);
  }
}
