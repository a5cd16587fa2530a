package org.scanformer.internal.engine;

import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.Expression;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;
import org.scanformer.UnknownWord;
import org.scanformer.internal.model.TokenizedText;

/** An expression with its keys and values on an engine's device. Thread-safe. */
public final class EncodedExpression implements Expression {
  private final Engine engine;
  private final String text;
  private final TokenizedText words;
  private final TextKv keysAndValues;
  private volatile boolean closed;

  EncodedExpression(Engine engine, String text, TokenizedText words, TextKv keysAndValues) {
    this.engine = engine;
    this.text = text;
    this.words = words;
    this.keysAndValues = keysAndValues;
    Unclosed.watch(this, "expression", () -> close(engine, keysAndValues) && !engine.isClosed());
  }

  /**
   * The implementation of an application's expression.
   *
   * @throws ScanFormerException BAD_INPUT when no model made it
   */
  public static EncodedExpression of(Expression expression) {
    if (expression instanceof EncodedExpression encoded) {
      return encoded;
    }
    throw new ScanFormerException(
        ErrorCode.BAD_INPUT,
        "The expression \""
            + expression.text()
            + "\" is a "
            + expression.getClass().getName()
            + ", expected one that a model's encode returned");
  }

  /**
   * The same for an expression of one engine.
   *
   * @throws ScanFormerException BAD_INPUT when another engine, or none, made it
   */
  public static EncodedExpression of(Expression expression, Engine engine) {
    EncodedExpression encoded = of(expression);
    if (!encoded.isOf(engine)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The expression \"" + encoded.text + "\" was encoded by another model");
    }
    return encoded;
  }

  /** The expressions of the requests that bring one; null for those that bring text. */
  static EncodedExpression[] of(List<Request> requests, Engine engine) {
    EncodedExpression[] encoded = new EncodedExpression[requests.size()];
    for (int r = 0; r < encoded.length; r++) {
      Expression expression = requests.get(r).expression();
      encoded[r] = expression == null ? null : of(expression, engine);
    }
    return encoded;
  }

  /** Whether it was encoded by that engine. */
  public boolean isOf(Engine other) {
    return engine == other;
  }

  @Override
  public String text() {
    return text;
  }

  @Override
  public int tokens() {
    return keysAndValues.tokens();
  }

  @Override
  public List<UnknownWord> unknownWords() {
    return words.unknownWords();
  }

  @Override
  public boolean truncated() {
    return words.truncated();
  }

  TokenizedText words() {
    return words;
  }

  TextKv keysAndValues() {
    return keysAndValues;
  }

  /** Refuses use after {@link #close()}. */
  public void requireOpen() {
    if (closed) {
      throw alreadyClosed();
    }
  }

  private IllegalStateException alreadyClosed() {
    return new IllegalStateException("The expression \"" + text + "\" is closed");
  }

  /**
   * Keeps the keys and values for a call that runs outside the engine's lock, until {@link
   * #release()}.
   *
   * @throws IllegalStateException when it is closed
   */
  public void hold() {
    if (!keysAndValues.acquire()) {
      throw alreadyClosed();
    }
  }

  /** Ends {@link #hold()}. */
  public void release() {
    if (keysAndValues.release()) {
      engine.reclaim(keysAndValues);
    }
  }

  @Override
  public String toString() {
    return "\"" + text + "\", " + tokens() + " tokens" + (closed ? ", closed" : "");
  }

  @Override
  public void close() {
    closed = true;
    close(engine, keysAndValues);
  }

  /** Closes after the calls that use it; whether it was open. */
  private static boolean close(Engine engine, TextKv keysAndValues) {
    boolean open = !keysAndValues.isClosed();
    if (keysAndValues.close()) {
      engine.reclaim(keysAndValues);
    }
    return open;
  }
}
