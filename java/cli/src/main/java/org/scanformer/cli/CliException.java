package org.scanformer.cli;

/** A failure that its message explains well enough. */
final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CliException(String message) {
    super(message);
  }
}
