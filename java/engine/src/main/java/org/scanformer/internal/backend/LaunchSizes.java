package org.scanformer.internal.backend;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * The sizes that work is launched with, of which the device chooses one: by rows and then patches,
 * from the least on. Immutable.
 */
public final class LaunchSizes {
  /** The most sizes that a device chooses from: the C API's SF_MAX_LAUNCH_SIZES. */
  public static final int MAX = 128;

  /** Patches of a size for work that has none of its own. */
  public static final int ANY_PATCHES = Integer.MAX_VALUE;

  private final IntBuffer sizes;
  private final Pointer address;

  /** The sizes {rows, patches} of an array, in their order. */
  public LaunchSizes(int[][] rowsAndPatches) {
    sizes =
        ByteBuffer.allocateDirect(2 * Integer.BYTES * rowsAndPatches.length)
            .order(ByteOrder.nativeOrder())
            .asIntBuffer();
    for (int[] size : rowsAndPatches) {
      sizes.put(size);
    }
    sizes.flip();
    address = new Pointer(sizes);
  }

  /** Number of sizes. */
  public int count() {
    return sizes.limit() / 2;
  }

  /** One of them alone. */
  public LaunchSizes only(int size) {
    return new LaunchSizes(new int[][] {{rows(size), patches(size)}});
  }

  /** Rows of a size. */
  public int rows(int size) {
    return sizes.get(2 * size);
  }

  /** Patches of a size. */
  public int patches(int size) {
    return sizes.get(2 * size + 1);
  }

  /** All of them, as the C API takes them. */
  public Pointer pointer() {
    return address;
  }
}
