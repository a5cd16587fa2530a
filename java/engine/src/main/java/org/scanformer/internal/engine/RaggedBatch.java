package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.QueryBlockTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.TableGroup;

/**
 * The tokens that go through a range of layers together: segments of one or more requests, packed
 * one after another without padding. Each segment's keys are appended to the cache, and each of its
 * tokens attends to its request's segments up to its own. Not safe for use by several threads.
 */
final class RaggedBatch {
  /** Where the segments' keys and values go. */
  final KvAppendTable appends;

  /** Which segments each segment's tokens attend to; complete once the batch is {@link #end}ed. */
  final QueryBlockTable blocks;

  /**
   * The same for the [REG] tokens whose boxes are asked for, one row each: all that the last layer
   * needs to compute.
   */
  final QueryBlockTable regBlocks;

  /** The rows of those [REG] tokens, int32. */
  final Table regRows;

  /** The count weight of every token, int32. */
  final Table counts;

  private final IntUnaryOperator launchSize;
  private int requests;
  private int rows;
  private int patches;
  private int textTokens;

  /**
   * An empty batch whose tables belong to a group.
   *
   * @param maxRows the most tokens
   * @param blockRows the most rows of a query block
   * @param launchSize rounds a number of tokens or patches up to one that operations are launched
   *     with
   */
  RaggedBatch(
      TableGroup group,
      int maxRows,
      int maxSegments,
      int maxRequests,
      int blockRows,
      IntUnaryOperator launchSize) {
    appends = new KvAppendTable(table(group, maxSegments, KvAppendTable.BYTES));
    int maxBlocks =
        QueryBlockTable.mostBlocks(launchSize.applyAsInt(maxRows), maxSegments, blockRows);
    blocks = new QueryBlockTable(table(group, maxBlocks, QueryBlockTable.BYTES), blockRows);
    regBlocks = new QueryBlockTable(table(group, maxRequests, QueryBlockTable.BYTES), 1);
    regRows = table(group, maxRequests, Integer.BYTES);
    counts = table(group, maxRows, Integer.BYTES);
    this.launchSize = launchSize;
  }

  private static Table table(TableGroup group, int rows, int bytes) {
    return group.table((long) rows * bytes);
  }

  /** Removes all segments, for a batch of that many requests. */
  void begin(int requestCount) {
    requests = requestCount;
    appends.clear();
    blocks.clear();
    regBlocks.clear();
    rows = 0;
    patches = 0;
    textTokens = 0;
  }

  /** Completes the batch: how many query blocks it has depends on its launch size alone. */
  void end() {
    blocks.fill(QueryBlockTable.mostBlocks(launchRows(), segments(), blocks.mostRows()));
  }

  /**
   * Takes the sizes of a batch whose tables the device fills, in place of the segments added so
   * far.
   */
  void launchWith(int requestCount, int segmentCount, int rowCount, int patchCount) {
    begin(requestCount);
    rows = rowCount;
    patches = patchCount;
    appends.resize(segmentCount);
    blocks.resize(QueryBlockTable.mostBlocks(launchRows(), segmentCount, blocks.mostRows()));
    regBlocks.resize(requestCount);
  }

  /** Requests whose segments these are. */
  int requests() {
    return requests;
  }

  /** Segments added so far. */
  int segments() {
    return appends.size();
  }

  /** Tokens packed so far. */
  int rows() {
    return rows;
  }

  /** Patches among them whose pixels are gathered. */
  int patches() {
    return patches;
  }

  /** Text tokens among them. */
  int textTokens() {
    return textTokens;
  }

  /** Tokens that operations are launched with: {@link #rows()} or a few more. */
  int launchRows() {
    return launchSize.applyAsInt(rows);
  }

  /** Patches that operations are launched with. */
  int launchPatches() {
    return launchSize.applyAsInt(patches);
  }

  /** Text tokens that operations are launched with. */
  int launchTextTokens() {
    return launchSize.applyAsInt(textTokens);
  }

  /**
   * Adds a segment after the present ones. Its tokens attend to the segments from firstSegment to
   * lastSegment, which is their own.
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

  /** Counts patches of an added segment whose pixels are to be gathered. */
  void addPatches(int count) {
    patches += count;
  }

  /** Counts text tokens of an added segment, which are to be embedded. */
  void addTextTokens(int count) {
    textTokens += count;
  }

  /** Asks for the box of the [REG] token in that row. */
  void addReg(int row, int firstSegment, int lastSegment) {
    int index = regBlocks.size();
    regBlocks.add(row, index, 1, firstSegment, lastSegment + 1);
    regRows.host().putInt(index * Integer.BYTES, row);
  }
}
