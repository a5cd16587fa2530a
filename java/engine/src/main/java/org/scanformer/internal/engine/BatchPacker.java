package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import org.scanformer.Image;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.model.ModelConfig;

/**
 * Packs the grids, masks and tokens of a batch into the workspace's tables, on the host. A request
 * is a row of segments: its text is segment 0, and scale s is segment s + 1, which holds the [REG]
 * token, the selected patches in row-major order, and one constant token that stands for all
 * discarded patches when there are any. Not safe for use by several threads.
 */
final class BatchPacker {
  private final ModelConfig config;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final int scales;

  /** Where each scale's masks and indices begin. */
  private final long[] firstMask;

  /** The row of each request's last [REG] token in the final batch. */
  private final int[] finalReg;

  /** Requests of the batch. */
  private int requests;

  /** A packer for a workspace whose tables have memory. */
  BatchPacker(ModelConfig config, Workspace work) {
    this.config = config;
    this.work = work;
    this.tables = work.tables;
    this.scales = config.numScales();
    this.finalReg = new int[work.maxBatch];
    this.firstMask = new long[scales];
    long masks = 0;
    for (int s = 0; s < scales; s++) {
      firstMask[s] = masks;
      masks += (long) work.maxBatch * work.maxPatches[s];
    }
    // Every patch of the coarsest scale is selected, in every call.
    ByteBuffer mask = tables.mask.host();
    for (int i = 0; i < work.maxBatch * work.maxPatches[0]; i++) {
      mask.put(i, (byte) 1);
    }
  }

  /** Packs a text by itself, whose keys and values go to memory of its own. */
  void packText(int[] ids, TextKv text) {
    RaggedBatch batch = tables.scaleBatch;
    batch.begin(0);
    tables.segments.resize(1);
    tables.segments.set(0, text.address(), text.layerStride(), ids.length);
    int row = batch.addSegment(text.address(), text.layerStride(), ids.length, 0, 0, 0);
    putText(ids, row);
    padText();
    batch.end();
  }

  /**
   * Begins a batch: places every request's grids, and the masks that are known before the run.
   *
   * @param maxPatches the most patches of a scale beyond the coarsest that are selected by logits
   * @return whether masks were placed, which the device has to get
   */
  boolean begin(BatchSlot[] slots, int count, int maxPatches) {
    requests = count;
    tables.kv.clear();
    tables.segments.resize(count * segmentsPerRequest());
    tables.finalBatch.begin(count);
    boolean given = false;
    for (int r = 0; r < count; r++) {
      placeGrids(slots, r, maxPatches);
      given |= placeMasks(slots[r].rule(), r, maxPatches);
    }
    return given;
  }

  private void placeGrids(BatchSlot[] slots, int r, int maxPatches) {
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    ModelConfig.Grid coarse = slots[r].coarseGrid();
    SelectionRule rule = slots[r].rule();
    long canvas = (long) pyramid(slots, r) * work.canvasElements;
    for (int s = 0; s < scales; s++) {
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      GridTable grids = tables.grids[s];
      grids.setGrid(r, s, rows, cols, canvas, firstMask[s] + (long) r * work.maxPatches[s]);
      grids.setRule(r, rule.logitBound(), Math.min(maxPatches, rule.maxSelected()));
      canvas += (long) rows * cols * patchElements;
    }
  }

  /** Requests for the same image share the pyramid of the first of them. */
  static int pyramid(BatchSlot[] slots, int request) {
    Image image = slots[request].image();
    int first = 0;
    while (slots[first].image() != image) {
      first++;
    }
    return first;
  }

  private boolean placeMasks(SelectionRule rule, int r, int maxPatches) {
    boolean given = false;
    tables.grids[0].setGiven(r);
    for (int s = 1; s < scales; s++) {
      GridTable grids = tables.grids[s];
      int total = grids.total(r);
      if (rule.isGiven(total, maxPatches)) {
        rule.putMask(s, total, tables.mask.host(), Math.toIntExact(grids.mask(r)));
        grids.setGiven(r);
        given = true;
      }
    }
    return given;
  }

  /** Packs a scale and, with scale 0, the texts that are not encoded yet. */
  void packScale(BatchSlot[] slots, int s) {
    RaggedBatch batch = tables.scaleBatch;
    batch.begin(requests);
    for (int r = 0; r < requests; r++) {
      if (s == 0) {
        packText(slots[r], r);
      }
      packSegment(r, s);
    }
    padText();
    batch.end();
    if (s < scales - 1) {
      fill(tables.patchTokenRows, batch.patches(), batch.launchPatches(), 0);
    }
  }

  /** Packs a request's text, or refers to its keys and values when it is encoded already. */
  private void packText(BatchSlot slot, int request) {
    int own = segment(request, 0);
    TextKv text = slot.text();
    if (text != null) {
      tables.segments.set(own, text.address(), text.layerStride(), text.tokens());
      return;
    }
    int tokens = slot.ids().length;
    long address = tables.kv.allocate(tokens);
    long stride = tables.kv.layerStride();
    tables.segments.set(own, address, stride, tokens);
    int row = tables.scaleBatch.addSegment(address, stride, tokens, 0, own, own);
    addToFinalBatch(address, tokens, 0, own, own, 0, row);
    putText(slot.ids(), row);
  }

  /**
   * Packs the coarsest scale, and places the others for the device to pack: each has room for as
   * many patches as may be selected. The texts are encoded already.
   */
  void packAhead(BatchSlot[] slots) {
    packScale(slots, 0);
    tables.parts.clear();
    for (int s = 0; s < scales; s++) {
      GridTable grids = tables.grids[s];
      for (int r = 0; r < requests; r++) {
        int own = segment(r, s + 1);
        int most = Math.min(work.maxSelected[s] + 2, grids.total(r) + 1);
        if (s > 0) {
          tables.segments.set(own, tables.kv.allocate(most), tables.kv.layerStride(), 0);
        }
        tables.parts.add(grids.address(r), segment(r, 0), own, work.firstRow[s], most);
      }
    }
  }

  private void packSegment(int r, int s) {
    RaggedBatch batch = tables.scaleBatch;
    GridTable grids = tables.grids[s];
    int selected = selected(r, s);
    int discarded = grids.total(r) - selected;
    grids.setRows(r, selected, batch.patches(), batch.rows());
    int tokens = grids.tokens(r);
    long address = tables.kv.allocate(tokens);
    long stride = tables.kv.layerStride();
    int first = segment(r, 0);
    int own = segment(r, s + 1);
    tables.segments.set(own, address, stride, tokens);
    int row = batch.addSegment(address, stride, tokens, discarded, first, own);
    batch.addReg(row, first, own);
    finalReg[r] = addToFinalBatch(address, tokens, discarded, first, own, s, row);
    if (s < scales - 1) {
      putPatchRows(batch.patches(), row, selected);
    }
    batch.addPatches(selected);
  }

  /** Selected patches of a request's grid: all of the coarsest, then what the device counted. */
  private int selected(int r, int s) {
    return s == 0
        ? tables.grids[0].total(r)
        : tables.selectedCounts[s].host().getInt(r * Integer.BYTES);
  }

  /** Tokens that a scale will have, whose patches are selected but not packed yet. */
  int tokens(int s) {
    int tokens = 0;
    for (int r = 0; r < requests; r++) {
      int selected = selected(r, s);
      tokens += 1 + selected + (selected < tables.grids[s].total(r) ? 1 : 0);
    }
    return tokens;
  }

  /** Completes the final batch: it asks for the boxes of a scale, the last one packed. */
  void packFinal(int last) {
    RaggedBatch batch = tables.finalBatch;
    for (int r = 0; r < requests; r++) {
      batch.addReg(finalReg[r], segment(r, 0), segment(r, last + 1));
    }
    fill(tables.finalRows, batch.rows(), batch.launchRows(), 0);
    batch.end();
  }

  /**
   * Places the rows of the last scale's patch tokens.
   *
   * @param all whether they are of the final batch, otherwise of the scale's
   */
  void packCandidates(int last, boolean all) {
    GridTable grids = tables.grids[last];
    int patches = 0;
    for (int r = 0; r < requests; r++) {
      int reg = all ? finalReg[r] : grids.tokenRow(r);
      patches += putPatchRows(patches, reg, grids.selected(r));
    }
    fill(tables.patchTokenRows, patches, tables.scaleBatch.launchPatches(), 0);
  }

  /** The rows of a segment's patch tokens, which follow its [REG] token; returns their number. */
  private int putPatchRows(int at, int reg, int count) {
    for (int i = 0; i < count; i++) {
      tables.patchTokenRows.host().putInt((at + i) * Integer.BYTES, reg + 1 + i);
    }
    return count;
  }

  /** Adds a segment of the scale batch, from its row there, to the final batch. */
  private int addToFinalBatch(
      long address, int tokens, int discarded, int firstSegment, int own, int s, int row) {
    long stride = tables.kv.layerStride();
    int finalRow =
        tables.finalBatch.addSegment(address, stride, tokens, discarded, firstSegment, own);
    for (int i = 0; i < tokens; i++) {
      int at = (finalRow + i) * Integer.BYTES;
      tables.finalRows.host().putInt(at, work.firstRow[s] + row + i);
    }
    return finalRow;
  }

  private void putText(int[] ids, int firstRow) {
    RaggedBatch batch = tables.scaleBatch;
    for (int i = 0; i < ids.length; i++) {
      int at = (batch.textTokens() + i) * Integer.BYTES;
      tables.textIds.host().putInt(at, ids[i]);
      tables.textPositions.host().putInt(at, i);
      tables.textRows.host().putInt(at, firstRow + i);
    }
    batch.addTextTokens(ids.length);
  }

  /** Repeats the last text token in the entries that rounding adds. */
  private void padText() {
    int tokens = tables.scaleBatch.textTokens();
    if (tokens > 0) {
      int last = (tokens - 1) * Integer.BYTES;
      int rounded = tables.scaleBatch.launchTextTokens();
      fill(tables.textIds, tokens, rounded, tables.textIds.host().getInt(last));
      fill(tables.textPositions, tokens, rounded, tables.textPositions.host().getInt(last));
      fill(tables.textRows, tokens, rounded, tables.textRows.host().getInt(last));
    }
  }

  /** Fills the entries from begin to end (exclusive), which rounding has added. */
  private static void fill(Table table, int begin, int end, int value) {
    for (int i = begin; i < end; i++) {
      table.host().putInt(i * Integer.BYTES, value);
    }
  }

  private int segmentsPerRequest() {
    return scales + 1;
  }

  private int segment(int request, int index) {
    return request * segmentsPerRequest() + index;
  }
}
