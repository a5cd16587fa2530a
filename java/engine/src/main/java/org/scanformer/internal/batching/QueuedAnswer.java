package org.scanformer.internal.batching;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.scanformer.Location;

/**
 * The answer to a request, which tells besides when the request is let go: a batch that runs holds
 * its requests though one of them expires or is cancelled. Thread-safe.
 */
public final class QueuedAnswer extends CompletableFuture<Location> {
  private final CompletableFuture<Void> released = new CompletableFuture<>();

  QueuedAnswer() {}

  /**
   * The implementation of an answer that a batcher gave out.
   *
   * @throws ClassCastException when no batcher did
   */
  public static QueuedAnswer of(CompletableFuture<Location> answer) {
    return (QueuedAnswer) answer;
  }

  /**
   * Completed when the answer is done and the batcher holds nothing of its request any more, by the
   * thread that let it go.
   */
  public CompletionStage<Void> released() {
    return released;
  }

  void tellReleased() {
    try {
      released.complete(null);
    } catch (OutOfMemoryError e) {
      // A stage found no memory to fail with: the other requests are answered all the same.
    }
  }
}
