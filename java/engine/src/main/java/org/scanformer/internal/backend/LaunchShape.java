package org.scanformer.internal.backend;

import java.util.Arrays;

/**
 * All that decides which operations a piece of work enqueues and with which arguments, beside what
 * tables and arrays hold: work of equal shape can be replayed. Mutable, so that asking for a shape
 * allocates nothing. Not safe for use by several threads.
 */
public final class LaunchShape {
  private final int[] sizes;

  /** A shape of nothing. */
  public LaunchShape() {
    this(new int[6]);
  }

  private LaunchShape(int[] sizes) {
    this.sizes = sizes;
  }

  /**
   * Sets all of it.
   *
   * @param kind a number of the kind of work
   * @param requests requests of the batch
   * @param segments segments of the pass
   * @param textTokens text tokens that are embedded
   * @param rows rows of the pass
   * @param patches patches that are gathered
   */
  public void set(int kind, int requests, int segments, int textTokens, int rows, int patches) {
    sizes[0] = kind;
    sizes[1] = requests;
    sizes[2] = segments;
    sizes[3] = textTokens;
    sizes[4] = rows;
    sizes[5] = patches;
  }

  /** A copy that stays as it is. */
  public LaunchShape copy() {
    return new LaunchShape(sizes.clone());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LaunchShape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
