package org.scanformer;

/**
 * How pixels of 8-bit samples lie in memory: packed, a byte a channel in the order of the name, 0
 * to 255, or as the planes of 4:2:0 video. The alpha of RGBA and BGRA is read over, not applied:
 * pixels with meaningful transparency are to be composited by the caller.
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
  GRAY(1),
  /** A plane of luma, and one of Cb and Cr by turns, a pair for 2 x 2 pixels. */
  NV12(1, 2),
  /** A plane of luma, one of Cb and one of Cr, a sample for 2 x 2 pixels. */
  I420(1, 1, 1);

  private final int[] bytes;

  /** Bytes of a sample of each plane: a pixel of the first, 2 x 2 pixels of the others. */
  PixelFormat(int... bytes) {
    this.bytes = bytes;
  }

  /** The bytes one pixel takes in the first plane: 1, 3 or 4. */
  public int bytesPerPixel() {
    return bytes[0];
  }

  /** The number of planes: 1 for packed formats. */
  public int planes() {
    return bytes.length;
  }

  /** Pixels, across and down, that a sample of a plane holds for: 1, or 2 for chroma. */
  int subsampling(int plane) {
    return plane == 0 ? 1 : 2;
  }

  /** Bytes of a row of a plane of an image of that width. */
  long rowBytes(int plane, int width) {
    return ((long) width + subsampling(plane) - 1) / subsampling(plane) * bytes[plane];
  }

  /** Rows of a plane of an image of that height. */
  int rows(int plane, int height) {
    return Math.toIntExact(((long) height + subsampling(plane) - 1) / subsampling(plane));
  }
}
