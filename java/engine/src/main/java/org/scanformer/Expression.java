package org.scanformer;

import org.scanformer.internal.engine.Engine;
import org.scanformer.internal.engine.TextKv;

/**
 * An expression encoded by an engine: its keys and values stay on the device and are reused over
 * images, so that a stream of frames with one expression runs the text once. Thread-safe. Holds
 * device memory until it or its engine is closed.
 */
public final class Expression implements AutoCloseable {
  private final Engine engine;
  private final String text;
  private final TextKv keysAndValues;
  private volatile boolean closed;

  Expression(Engine engine, String text, TextKv keysAndValues) {
    this.engine = engine;
    this.text = text;
    this.keysAndValues = keysAndValues;
  }

  /** The expression as it was given. */
  public String text() {
    return text;
  }

  /** Throws when it was encoded by another engine. */
  void requireOf(Engine other) {
    if (engine != other) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "The expression \"" + text + "\" was encoded by another engine");
    }
  }

  boolean isOf(Engine other) {
    return engine == other;
  }

  TextKv keysAndValues() {
    return keysAndValues;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("The expression \"" + text + "\" is closed");
    }
  }

  /** Gives the device memory back, after a call that is using it. Idempotent. */
  @Override
  public void close() {
    closed = true;
    engine.free(keysAndValues);
  }
}
