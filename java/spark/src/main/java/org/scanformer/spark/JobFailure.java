package org.scanformer.spark;

/** A failure whose message says all that its reader needs. */
final class JobFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JobFailure(String message) {
    super(message);
  }

  JobFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
