package org.scanformer.internal.engine;

/** A model is used after it was closed. */
public final class ModelClosedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  ModelClosedException() {
    super("The model is closed");
  }
}
