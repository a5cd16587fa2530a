package org.scanformer.internal.engine;

import java.util.Collection;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Refuses what a listener or metrics may not do within a call of their model, as it would wait for
 * itself or change what the call is using. Thread-safe; allocates nothing.
 */
final class CallGuard {
  private final ReentrantLock lock;

  /** Who runs the engine's other contexts. */
  private volatile ContextOwner[] owners = {};

  /** A guard of an engine whose own calls hold a lock. */
  CallGuard(ReentrantLock lock) {
    this.lock = lock;
  }

  void setOwners(Collection<ContextOwner> all) {
    owners = all.toArray(ContextOwner[]::new);
  }

  ContextOwner[] owners() {
    return owners;
  }

  /** Whether the calling thread is within a call. */
  boolean isInCall() {
    if (lock.isHeldByCurrentThread()) {
      return true;
    }
    for (ContextOwner owner : owners) {
      if (owner.isInCall()) {
        return true;
      }
    }
    return false;
  }

  /** Refuses calls from within a call. */
  void requireOutsideCalls() {
    if (isInCall()) {
      throw new IllegalStateException(
          "The model is called from within its own call, by a listener or by metrics, which may not"
              + " do that: let another thread call it");
    }
  }

  /** Refuses to free what the calling thread is using. */
  void requireClosable() {
    boolean within = isInCall();
    for (ContextOwner owner : owners) {
      within |= owner.isCallingThread();
    }
    if (within) {
      throw new IllegalStateException(
          "The model cannot be closed from within its own call, by a listener, by metrics or by a"
              + " stage of a batcher's future: let another thread close it");
    }
  }
}
