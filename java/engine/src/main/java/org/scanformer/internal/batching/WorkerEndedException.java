package org.scanformer.internal.batching;

/** A worker of a batcher has ended by an error that nobody expected, and answers no more. */
public final class WorkerEndedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** An end by an error. */
  public WorkerEndedException(Throwable cause) {
    super("A batcher's thread ended unexpectedly: " + cause, cause);
  }
}
