package org.scanformer;

/**
 * Sees what a model does, for an application's metrics. Every method does nothing by default.
 *
 * <p>Called by the threads that do the work, within their calls, so what it takes is the calls'
 * time. Several threads may call at once. What a method throws, Errors too, is logged once and
 * otherwise ignored. A method may not call the model that calls it, nor its sessions or its
 * batchers, nor close them: each is an {@link IllegalStateException}. {@link
 * Batcher#submit(Request) Batcher.submit}, which does not wait there, is allowed but for the
 * methods that tell of a queue.
 */
public interface ScanFormerMetrics {
  /** Sees nothing. */
  ScanFormerMetrics NONE =
      new ScanFormerMetrics() {
        @Override
        public String toString() {
          return "none";
        }
      };

  /**
   * A batch was answered.
   *
   * @param requests in the batch, at least 1
   * @param completedScales scales that were run
   * @param deadlineMet false when it ended after its deadline
   * @param nanos from the start of its work to its answer
   */
  default void callDone(int requests, int completedScales, boolean deadlineMet, long nanos) {}

  /** A batch, or the encoding of a text, failed. */
  default void callFailed(ErrorCode code) {}

  /**
   * A scale of a batch was run, or the pass over the tokens of all scales.
   *
   * @param scale 0 is the coarsest; -1 for the pass over all
   * @param patches selected, of all requests; 0 for the pass over all
   * @param tokens encoded, of all requests; as patches, rounded as the device is given them
   */
  default void scaleDone(int scale, int patches, int tokens, long nanos) {}

  /** An expression was encoded on its own. */
  default void textEncoded(int tokens, long nanos) {}

  /**
   * The number of requests that wait in a batcher's queue has changed. Told in the order of the
   * changes, while the queue is held: callers and devices wait for it.
   *
   * @param requests that wait now
   * @param change since this was told before, so that the changes of several batchers add up to the
   *     requests that wait in all of them; not 0
   */
  default void queueLength(int requests, int change) {}

  /**
   * A batcher has taken requests from its queue.
   *
   * @param requests that go together
   * @param longestWaitNanos of the one that waited longest
   */
  default void batchFormed(int requests, long longestWaitNanos) {}

  /** A request will not be answered. */
  default void requestDropped(DropReason reason) {}

  /** Why a batcher does not answer a request. */
  enum DropReason {
    /** The queue was full, and the policy is to reject. */
    REJECTED,
    /** The queue was full, and a newer request took its place. */
    REPLACED,
    /** Its deadline passed before its batch was formed. */
    EXPIRED,
    /** It was cancelled before its batch was formed. */
    CANCELLED
  }
}
