package org.scanformer.internal.engine;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.scanformer.internal.backend.Backend;

/**
 * What an engine has to give back. It does not refer to the engine, so that it can be closed when
 * the engine was forgotten: no call is running then. Thread-safe.
 */
final class EngineResources {
  private final Backend backend;

  /** The backends of the open contexts. */
  private final Set<Backend> contexts = Collections.newSetFromMap(new IdentityHashMap<>());

  private boolean closed;

  EngineResources(Backend backend) {
    this.backend = backend;
  }

  synchronized void add(Backend context) {
    contexts.add(context);
  }

  /** Closes a context's backend, unless it is closed. */
  synchronized void close(Backend context) {
    if (contexts.remove(context)) {
      context.close();
    }
  }

  /** Closes everything; whether it was open. Contexts that calls run on are closed before. */
  synchronized boolean close() {
    if (closed) {
      return false;
    }
    closed = true;
    List.copyOf(contexts).forEach(this::close);
    backend.close();
    return true;
  }
}
