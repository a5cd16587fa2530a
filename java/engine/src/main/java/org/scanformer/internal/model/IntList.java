package org.scanformer.internal.model;

import java.util.Arrays;

/** A list of ints that grows. Not safe for use by several threads. */
final class IntList {
  private int[] values = new int[32];
  private int size;

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
    }
    values[size++] = value;
  }

  void addAll(int[] added) {
    for (int value : added) {
      add(value);
    }
  }

  int size() {
    return size;
  }

  /** Keeps the first values and drops the rest; does nothing when there are no more. */
  void truncate(int newSize) {
    size = Math.min(size, newSize);
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
