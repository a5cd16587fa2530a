package org.scanformer.internal.engine;

/** A session or a batcher's worker: it runs a context, on one thread at a time. Thread-safe. */
public interface ContextOwner {
  /** Closes the context after its running call, in the end by {@link Engine#closeContext}. */
  void close();

  /** Whether the calling thread is within a run of the context, in a listener or in metrics. */
  boolean isInCall();

  /** Whether {@link #close()} would wait for the calling thread. */
  boolean isCallingThread();
}
