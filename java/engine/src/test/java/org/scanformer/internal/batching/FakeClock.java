package org.scanformer.internal.batching;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;

/** A clock that stands still until it is moved, or until somebody waits. For one thread. */
final class FakeClock implements QueueClock {
  /** What somebody waited for, in the order of the waits. */
  final List<Long> waits = new ArrayList<>();

  /** What happens instead of the next wait, or null: then all of the time passes. */
  Runnable instead;

  // Soon beyond the largest long, as nanoTime may be.
  private long now = Long.MAX_VALUE - 5_000_000;
  private final List<Expiry> expiries = new ArrayList<>();

  private record Expiry(long at, CompletableFuture<?> answer) {}

  void advance(long nanos) {
    now += nanos;
    for (Expiry expiry : expiries) {
      if (expiry.at - now <= 0) {
        expiry.answer.completeExceptionally(new TimeoutException());
      }
    }
  }

  /** What was given last to be expired. */
  CompletableFuture<?> expiring() {
    return expiries.get(expiries.size() - 1).answer;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void await(Condition signal, long nanos) {
    waits.add(nanos);
    if (instead == null) {
      advance(nanos);
      return;
    }
    Runnable once = instead;
    instead = null;
    once.run();
  }

  @Override
  public void expire(CompletableFuture<?> answer, long nanos) {
    expiries.add(new Expiry(now + nanos, answer));
  }
}
