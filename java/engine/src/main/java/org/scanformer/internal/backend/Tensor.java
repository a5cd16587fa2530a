package org.scanformer.internal.backend;

import org.bytedeco.javacpp.Pointer;

/**
 * A dense, row-major array [rows, columns] in device memory, or a window on one. It owns nothing:
 * memory belongs to the backend that allocated it. Not safe for use by several threads.
 */
public final class Tensor {
  private final String name;
  private final ElementType type;
  private final long rows;
  private final int columns;
  private Pointer pointer;

  /** An array that has a name, a shape and no memory yet. */
  public Tensor(String name, ElementType type, long rows, int columns) {
    this.name = name;
    this.type = type;
    this.rows = rows;
    this.columns = columns;
  }

  /** Gives the array its memory. Called by the backend that allocated it. */
  public void bind(Pointer memory) {
    this.pointer = memory;
  }

  /** A window on this array, at first on all of it. */
  public Tensor window(String windowName) {
    Tensor window = new Tensor(windowName, type, rows, columns);
    window.bind(new Pointer(pointer));
    return window;
  }

  /** Moves a window to begin at a row of the array it was made from. Allocates nothing. */
  public Tensor moveTo(long row) {
    pointer.position(row * columns * type.bytes());
    return this;
  }

  /** What the array holds, for messages. */
  public String name() {
    return name;
  }

  /** The type of its elements. */
  public ElementType type() {
    return type;
  }

  /** Its rows; for a window, those of the whole array. */
  public long rows() {
    return rows;
  }

  /** Elements a row. */
  public int columns() {
    return columns;
  }

  /** Its size in bytes. */
  public long bytes() {
    return rows * columns * type.bytes();
  }

  /** The device address of its first element. */
  public Pointer pointer() {
    return pointer;
  }

  /** The device address as a number, for tables that the device reads. */
  public long address() {
    return pointer.address() + pointer.position();
  }
}
