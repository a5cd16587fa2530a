package org.scanformer.internal.backend;

/** The types of array elements; {@link #code} is the C API's number of those that it names. */
public enum ElementType {
  /** IEEE single precision. */
  F32(0, 4),
  /** IEEE half precision. */
  F16(1, 2),
  /** bfloat16. */
  BF16(2, 2),
  /** Signed 32-bit integer. */
  I32(-1, 4),
  /** Unsigned byte. */
  U8(-1, 1);

  private final int code;
  private final int bytes;

  ElementType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** The C API's number; only floating-point types have one. */
  public int code() {
    return code;
  }

  /** Bytes an element. */
  public int bytes() {
    return bytes;
  }
}
