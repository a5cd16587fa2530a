package org.scanformer.cli;

/**
 * Ends a run where nobody gets its answers, as on a full disk. {@link Main} knows the reason and
 * tells it.
 */
final class AnswersLostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  AnswersLostException() {
    super("standard output could not be written to");
  }
}
