package org.scanformer.internal.backend;

import java.nio.ByteBuffer;

/**
 * Rows of the C API's {@code sf_grid}: one scale of one request each. Not safe for use by several
 * threads.
 */
public final class GridTable {
  /** Bytes a row. */
  public static final int BYTES = 48;

  static final int CANVAS = 0;
  static final int MASK = 8;
  static final int ROWS = 16;
  static final int COLS = 20;
  static final int SCALE = 24;
  static final int SELECTED = 28;
  static final int PATCH_ROW = 32;
  static final int TOKEN_ROW = 36;
  static final int LOGIT_BOUND = 40;
  static final int MAX_SELECTED = 44;

  /** The C API's SF_GIVEN. */
  static final int GIVEN = -1;

  private final Table table;

  /** A view of a table of a multiple of {@link #BYTES} bytes. */
  public GridTable(Table table) {
    this.table = table;
  }

  private ByteBuffer host() {
    return table.host();
  }

  /** Fills in where a grid's data lies; offsets are in elements of the canvas and the mask. */
  public void setGrid(int request, int scale, int rows, int cols, long canvas, long mask) {
    int base = request * BYTES;
    host().putLong(base + CANVAS, canvas);
    host().putLong(base + MASK, mask);
    host().putInt(base + ROWS, rows);
    host().putInt(base + COLS, cols);
    host().putInt(base + SCALE, scale);
  }

  /** Fills in the rule that selects patches of the grid. */
  public void setRule(int request, float logitBound, int maxSelected) {
    int base = request * BYTES;
    host().putFloat(base + LOGIT_BOUND, logitBound);
    host().putInt(base + MAX_SELECTED, maxSelected);
  }

  /** Leaves the grid's mask to the caller. */
  public void setGiven(int request) {
    setRule(request, 0, GIVEN);
  }

  /** Whether the grid's mask is the caller's. */
  public boolean given(int request) {
    return host().getInt(request * BYTES + MAX_SELECTED) == GIVEN;
  }

  /** Fills in the number of selected patches and the first rows of patches and tokens. */
  public void setRows(int request, int selected, int patchRow, int tokenRow) {
    int base = request * BYTES;
    host().putInt(base + SELECTED, selected);
    host().putInt(base + PATCH_ROW, patchRow);
    host().putInt(base + TOKEN_ROW, tokenRow);
  }

  /** Patches down. */
  public int rows(int request) {
    return host().getInt(request * BYTES + ROWS);
  }

  /** Patches across. */
  public int cols(int request) {
    return host().getInt(request * BYTES + COLS);
  }

  /** Patches of the whole grid. */
  public int total(int request) {
    return rows(request) * cols(request);
  }

  /** Number of selected patches. */
  public int selected(int request) {
    return host().getInt(request * BYTES + SELECTED);
  }

  /** Row of the segment's [REG] token. */
  public int tokenRow(int request) {
    return host().getInt(request * BYTES + TOKEN_ROW);
  }

  /** Offset of the grid's entries in the mask. */
  public long mask(int request) {
    return host().getLong(request * BYTES + MASK);
  }

  /**
   * Number of tokens of the segment: [REG], the selected patches, and the constant if any patch is
   * discarded.
   */
  public int tokens(int request) {
    int selected = selected(request);
    return 1 + selected + (selected < total(request) ? 1 : 0);
  }

  /** The device address of a grid's row. */
  public long address(int request) {
    return table.address() + (long) request * BYTES;
  }

  /** The table itself. */
  public Table table() {
    return table;
  }
}
