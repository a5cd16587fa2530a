package org.scanformer.internal.engine;

import java.util.Arrays;
import java.util.function.Function;

/**
 * What was made of the objects that were used last, by identity: a stream of frames uses a few of
 * them in turn. Allocates nothing for those. Not safe for use by several threads.
 */
final class Recent<K, V> {
  /** Enough for a camera that fills up to three buffers while another is read. */
  static final int KEPT = 4;

  private final Function<K, V> maker;

  /** The last one first; null at the end. */
  private final Object[] keys = new Object[KEPT];

  private final Object[] values = new Object[KEPT];

  Recent(Function<K, V> maker) {
    this.maker = maker;
  }

  /** What is or was made of an object. */
  V get(K key) {
    int found = 0;
    while (found < KEPT && keys[found] != key) {
      found++;
    }
    if (found == 0) {
      return value(0);
    }
    V value = found < KEPT ? value(found) : maker.apply(key);
    int moved = Math.min(found, KEPT - 1);
    System.arraycopy(keys, 0, keys, 1, moved);
    System.arraycopy(values, 0, values, 1, moved);
    keys[0] = key;
    values[0] = value;
    return value;
  }

  @SuppressWarnings("unchecked")
  private V value(int i) {
    return (V) values[i];
  }

  /** Releases all of them. */
  void clear() {
    Arrays.fill(keys, null);
    Arrays.fill(values, null);
  }
}
