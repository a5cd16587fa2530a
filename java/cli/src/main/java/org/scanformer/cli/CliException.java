package org.scanformer.cli;

/** A failure that is reported to the user by its message, without a stack trace. */
final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CliException(String message) {
    super(message);
  }
}
