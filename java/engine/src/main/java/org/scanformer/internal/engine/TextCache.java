package org.scanformer.internal.engine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts used last, encoded by an engine. When there is no room for another, the one that was
 * used longest ago is closed. Not safe for use by several threads.
 */
public final class TextCache {
  private final Engine engine;
  private final Map<String, EncodedExpression> texts;

  /** A cache that keeps at most that many texts of an engine. */
  public TextCache(Engine engine, int capacity) {
    this.engine = engine;
    texts =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, EncodedExpression> eldest) {
            if (size() <= capacity) {
              return false;
            }
            eldest.getValue().close();
            return true;
          }
        };
  }

  /** The encoded text; it may be closed by the next call for another. */
  public EncodedExpression get(String text) {
    EncodedExpression expression = texts.get(text);
    if (expression == null) {
      expression = engine.encode(text);
      texts.put(text, expression);
    }
    return expression;
  }

  /** Closes every text. */
  public void close() {
    texts.values().forEach(EncodedExpression::close);
    texts.clear();
  }
}
