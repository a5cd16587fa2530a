package org.scanformer;

/**
 * How pixels lie in memory: packed, a byte a channel in the order of the name, 0 to 255, or as YUV
 * video of 4:2:0 or 4:2:2. The alpha of RGBA and BGRA is ignored: pixels with meaningful
 * transparency are to be composited by the caller.
 *
 * <p>The ordinals are the values of the native API's pixel format, so the order is fixed.
 *
 * <p>Immutable and thread-safe.
 */
public enum PixelFormat {
  /** Red, green, blue. */
  RGB(1, 1, 3),
  /** Blue, green, red. */
  BGR(1, 1, 3),
  /** Red, green, blue and an ignored byte. */
  RGBA(1, 1, 4),
  /** Blue, green, red and an ignored byte. */
  BGRA(1, 1, 4),
  /** One value for red, green and blue. */
  GRAY(1, 1, 1),
  /** A plane of luma, and one of Cb and Cr by turns, a pair for 2 x 2 pixels. */
  NV12(2, 2, 1, 2),
  /** A plane of luma, one of Cb and one of Cr, a sample for 2 x 2 pixels. */
  I420(2, 2, 1, 1, 1),
  /** A plane of luma, and one of Cr and Cb by turns, a pair for 2 x 2 pixels: Android's cameras. */
  NV21(2, 2, 1, 2),
  /** Two pixels of a row in four bytes, Y, Cb, Y, Cr, also called YUY2: webcams. */
  YUYV(2, 1, 2),
  /** Two pixels of a row in four bytes, Cb, Y, Cr, Y: capture cards. */
  UYVY(2, 1, 2),
  /**
   * NV12 of 10 bits, in the upper bits of two bytes a sample, of which the lower one comes first:
   * decoders of 10-bit video.
   */
  P010(2, 2, 2, 4);

  private final int pairAcross;
  private final int pairDown;
  private final int[] bytes;

  /**
   * Pixels across and down that share chroma, and the bytes of a sample of each plane: a pixel of
   * the first, the pixels that share chroma of the others.
   */
  PixelFormat(int pairAcross, int pairDown, int... bytes) {
    this.pairAcross = pairAcross;
    this.pairDown = pairDown;
    this.bytes = bytes;
  }

  /** The bytes one pixel takes in the first plane: 1 to 4. */
  public int bytesPerPixel() {
    return bytes[0];
  }

  /** The number of planes: 1 for packed formats. */
  public int planes() {
    return bytes.length;
  }

  /** Whether samples are luma and chroma, whose meaning a {@link YuvColor} tells. */
  public boolean isYuv() {
    return pairAcross > 1;
  }

  /** Pixels side by side that share chroma: a region begins at a multiple of them. */
  int pairAcross() {
    return pairAcross;
  }

  /** Pixels one below the other that share chroma: a region begins at a multiple of them. */
  int pairDown() {
    return pairDown;
  }

  /** Bytes of a row of a plane of an image of that width. */
  long rowBytes(int plane, int width) {
    long groups = ((long) width + pairAcross - 1) / pairAcross;
    if (plane > 0) {
      return groups * bytes[plane];
    }
    // Packed pixels that share chroma are stored together.
    return bytes.length == 1 ? groups * pairAcross * bytes[0] : (long) width * bytes[0];
  }

  /** Rows of a plane of an image of that height. */
  int rows(int plane, int height) {
    int down = plane == 0 ? 1 : pairDown;
    return Math.toIntExact(((long) height + down - 1) / down);
  }
}
