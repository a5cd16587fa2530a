package org.scanformer;

import java.util.Objects;

/**
 * The one exception type of this library, except for {@link IllegalStateException} on use after
 * close and {@link NullPointerException} on null arguments. {@link #code()} says what to do; the
 * message names what was found and what was expected.
 */
public class ScanFormerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /** An exception without a cause. */
  public ScanFormerException(ErrorCode code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code);
  }

  /** An exception with the failure that led to it. */
  public ScanFormerException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code);
  }

  /** The category of the failure. */
  public ErrorCode code() {
    return code;
  }
}
