package org.scanformer.server.oip;

/** The protocol's element types that models of this server have. */
public enum Datatype {
  /** A byte, 0 or 1. */
  BOOL(1),
  /** A byte. */
  UINT8(1),
  /** Four bytes, little-endian. */
  FP32(4),
  /** A string of bytes. */
  BYTES(0);

  private final int size;

  Datatype(int size) {
    this.size = size;
  }

  /** Bytes of an element; 0 where each has its own length. */
  public int size() {
    return size;
  }
}
