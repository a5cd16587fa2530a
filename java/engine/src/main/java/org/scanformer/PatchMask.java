package org.scanformer;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.scanformer.internal.json.JsonFields;

/** Which patches of a grid are selected. Immutable, and so safe for use by many threads. */
public final class PatchMask {
  private final int rows;
  private final int cols;
  private final byte[] selected;
  private final int count;

  private PatchMask(int rows, int cols, byte[] selected) {
    this.rows = rows;
    this.cols = cols;
    this.selected = selected;
    int n = 0;
    for (byte b : selected) {
      n += b;
    }
    this.count = n;
  }

  /**
   * A mask from its bytes.
   *
   * @param selected [rows, cols] row-major, non-zero for selected; copied
   * @throws ScanFormerException (BAD_INPUT) when the number of bytes is not rows * cols
   */
  public static PatchMask of(int rows, int cols, byte[] selected) {
    requireSize(rows, cols, selected.length);
    byte[] copy = new byte[selected.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (byte) (selected[i] != 0 ? 1 : 0);
    }
    return new PatchMask(rows, cols, copy);
  }

  /** A mask with every patch selected. */
  public static PatchMask all(int rows, int cols) {
    requireSize(rows, cols, (long) rows * cols);
    byte[] ones = new byte[rows * cols];
    Arrays.fill(ones, (byte) 1);
    return new PatchMask(rows, cols, ones);
  }

  /** A mask with no patch selected. */
  public static PatchMask none(int rows, int cols) {
    requireSize(rows, cols, (long) rows * cols);
    return new PatchMask(rows, cols, new byte[rows * cols]);
  }

  /**
   * A mask from a row-major string of 0 and 1, the form of {@link #toString()}.
   *
   * @throws ScanFormerException (BAD_INPUT) on any other character or length
   */
  public static PatchMask parse(int rows, int cols, String mask) {
    requireSize(rows, cols, mask.length());
    byte[] selected = new byte[mask.length()];
    for (int i = 0; i < selected.length; i++) {
      char c = mask.charAt(i);
      if (c != '0' && c != '1') {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "A mask has 0 and 1 only, found '" + c + "' at " + i);
      }
      selected[i] = (byte) (c - '0');
    }
    return new PatchMask(rows, cols, selected);
  }

  /**
   * A mask from the form of {@link #toMap()}; only rows, cols and mask are read.
   *
   * @throws ScanFormerException (BAD_INPUT) when they are missing or do not fit each other
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static PatchMask fromMap(Map<String, ?> json) {
    JsonFields fields = new JsonFields("PatchMask", json);
    return parse(fields.integer("rows"), fields.integer("cols"), fields.text("mask"));
  }

  private static void requireSize(int rows, int cols, long length) {
    long total = (long) rows * cols;
    if (rows < 1 || cols < 1 || total != length || total > Integer.MAX_VALUE - 8) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "A mask of " + rows + " x " + cols + " patches needs as many entries, found " + length);
    }
  }

  /** Patches down. */
  public int rows() {
    return rows;
  }

  /** Patches across. */
  public int cols() {
    return cols;
  }

  /** Number of selected patches. */
  public int count() {
    return count;
  }

  /** Number of patches, rows times cols. */
  public int total() {
    return selected.length;
  }

  /** Whether the patch in that row and column is selected. */
  public boolean isSelected(int row, int col) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(col, cols);
    return selected[row * cols + col] != 0;
  }

  /** A copy of the mask, [rows, cols] row-major, 1 for selected and 0 for discarded. */
  public byte[] toBytes() {
    return selected.clone();
  }

  /**
   * The mask as it is in JSON: {@code rows}, {@code cols}, {@code selected} (their number), {@code
   * total} and {@code mask}, the string of {@link #toString()}.
   */
  @JsonValue
  public Map<String, Object> toMap() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rows", rows);
    json.put("cols", cols);
    json.put("selected", count);
    json.put("total", total());
    json.put("mask", toString());
    return json;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PatchMask mask
        && mask.rows == rows
        && mask.cols == cols
        && Arrays.equals(mask.selected, selected);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * rows + cols) + Arrays.hashCode(selected);
  }

  /** The mask as a row-major string of 0 and 1. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(selected.length);
    for (byte b : selected) {
      text.append((char) ('0' + b));
    }
    return text.toString();
  }
}
