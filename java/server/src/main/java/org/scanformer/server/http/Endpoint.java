package org.scanformer.server.http;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Answers the calls of a route. Thread-safe. */
@FunctionalInterface
interface Endpoint {
  /**
   * Answers without waiting for anything.
   *
   * @throws org.scanformer.server.ServiceException when the call is wrong; or else the future fails
   */
  CompletableFuture<Reply> answer(Call call);

  /** An endpoint that knows its answer at once. */
  static Endpoint of(Function<Call, Reply> answer) {
    return call -> CompletableFuture.completedFuture(answer.apply(call));
  }
}
