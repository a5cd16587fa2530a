package org.scanformer.internal.backend;

import org.bytedeco.javacpp.Pointer;

/**
 * Where the device packs a batch: the tables that the host would have filled.
 *
 * @param segments the segments of the batch
 * @param first the first of them that is packed, in their table
 * @param count how many are
 * @param selected how many patches of each are selected, int32; null where grids and segments know
 * @param cache the segments of the cache
 * @param appends where the batch's keys and values go
 * @param blocks its query blocks
 * @param counts the count weight of each token, int32
 * @param tokenRows the row of each token where it lies, int32, or null
 * @param patchRows the row of each patch's token, int32, or null
 * @param regBlocks a query block of the first token of each of the last segments, or null for none
 * @param regRows their rows, int32, or null
 */
public record BatchPacking(
    BatchSegmentTable segments,
    int first,
    int count,
    Table selected,
    KvSegmentTable cache,
    KvAppendTable appends,
    QueryBlockTable blocks,
    Table counts,
    Table tokenRows,
    Table patchRows,
    QueryBlockTable regBlocks,
    Table regRows) {

  /** The address of the first segment's row on the device. */
  public Pointer firstSegment() {
    Pointer rows = segments.table().device();
    return new Pointer(rows).position(rows.position() + (long) first * BatchSegmentTable.BYTES);
  }
}
