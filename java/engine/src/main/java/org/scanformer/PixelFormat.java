package org.scanformer;

/**
 * The layout of one packed pixel: a byte a channel, in the order of the name, 0 to 255. The alpha
 * of RGBA and BGRA is read over, not applied: pixels with meaningful transparency are to be
 * composited by the caller.
 *
 * <p>The ordinals are the values of the native API's pixel format, so the order is fixed.
 *
 * <p>Immutable and thread-safe.
 */
public enum PixelFormat {
  /** Red, green, blue. */
  RGB(3),
  /** Blue, green, red. */
  BGR(3),
  /** Red, green, blue and an ignored byte. */
  RGBA(4),
  /** Blue, green, red and an ignored byte. */
  BGRA(4),
  /** One value for red, green and blue. */
  GRAY(1);

  private final int bytesPerPixel;

  PixelFormat(int bytesPerPixel) {
    this.bytesPerPixel = bytesPerPixel;
  }

  /** The bytes one pixel takes: 1, 3 or 4. */
  public int bytesPerPixel() {
    return bytesPerPixel;
  }
}
