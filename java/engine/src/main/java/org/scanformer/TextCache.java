package org.scanformer;

import java.util.LinkedHashMap;
import java.util.Map;
import org.scanformer.internal.engine.Engine;

/**
 * The texts used last, encoded by an engine; the one used longest ago is closed when there is no
 * room. Not safe for use by several threads.
 */
final class TextCache {
  private final Engine engine;
  private final Map<String, Expression> texts;

  TextCache(Engine engine, int capacity) {
    this.engine = engine;
    texts =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Expression> eldest) {
            if (size() <= capacity) {
              return false;
            }
            eldest.getValue().close();
            return true;
          }
        };
  }

  /** The encoded text; it may be closed by the next call for another. */
  Expression get(String text) {
    Expression expression = texts.get(text);
    if (expression == null) {
      expression = new Expression(engine, text, engine.encode(text));
      texts.put(text, expression);
    }
    return expression;
  }

  void close() {
    texts.values().forEach(Expression::close);
    texts.clear();
  }
}
