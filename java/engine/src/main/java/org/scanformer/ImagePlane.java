package org.scanformer;

import java.nio.ByteBuffer;

/**
 * Rows of samples of an image. Immutable.
 *
 * @param buffer holds them from position 0 to the limit, read-only; null for those on a device
 * @param address where they are on a device; 0 for those in a buffer
 * @param stride bytes from a row to the next
 */
record ImagePlane(ByteBuffer buffer, long address, int stride) {
  /**
   * A view of samples in a buffer.
   *
   * @param plane its number in the format
   * @param samples begin at its position
   * @param width of the image
   * @param height of the image
   */
  static ImagePlane of(
      PixelFormat format, int plane, ByteBuffer samples, int width, int height, int stride) {
    requireStride(format, plane, width, stride);
    long needed = (format.rows(plane, height) - 1L) * stride + format.rowBytes(plane, width);
    if (samples.remaining() < needed) {
      throw ImageArguments.badInput(
          "%d bytes found in the buffer, at least %d expected for %dx%d %s with a row stride of %d%s",
          samples.remaining(), needed, width, height, format, stride, inPlane(format, plane));
    }
    return new ImagePlane(
        samples.slice(samples.position(), (int) needed).asReadOnlyBuffer(), 0, stride);
  }

  /** A view of samples on a device, see {@link #of}. */
  static ImagePlane onDevice(PixelFormat format, int plane, long address, int width, int stride) {
    requireStride(format, plane, width, stride);
    if (address == 0) {
      throw ImageArguments.badInput(
          "address 0 found%s, expected one on a device", inPlane(format, plane));
    }
    return new ImagePlane(null, address, stride);
  }

  /** All planes of an image in one buffer without padding. */
  static ImagePlane[] contiguous(ByteBuffer frame, PixelFormat format, int width, int height) {
    ImagePlane[] planes = new ImagePlane[format.planes()];
    ByteBuffer rest = frame.duplicate();
    for (int p = 0; p < planes.length; p++) {
      long rowBytes = format.rowBytes(p, width);
      if (rowBytes > Integer.MAX_VALUE) {
        throw ImageArguments.badInput(
            "%d pixels a row found, expected at most as many of %s as %d bytes hold",
            width, format, Integer.MAX_VALUE);
      }
      int stride = (int) rowBytes;
      planes[p] = of(format, p, rest, width, height, stride);
      rest.position(rest.position() + planes[p].buffer.limit());
    }
    return planes;
  }

  /** The part of this plane for a region within its image that begins at a whole sample. */
  ImagePlane region(PixelFormat format, int plane, int x, int y, int width, int height) {
    int down = plane == 0 ? 1 : format.pairDown();
    long offset = (long) (y / down) * stride + format.rowBytes(plane, x);
    if (buffer == null) {
      return new ImagePlane(null, address + offset, stride);
    }
    // The offset fits an int, as it is one of a sample within the buffer.
    return of(format, plane, buffer.duplicate().position((int) offset), width, height, stride);
  }

  private static void requireStride(PixelFormat format, int plane, int width, int stride) {
    long rowBytes = format.rowBytes(plane, width);
    if (stride < rowBytes) {
      throw ImageArguments.badInput(
          "row stride of %d bytes found, at least %d expected for %d pixels of %s%s",
          stride, rowBytes, width, format, inPlane(format, plane));
    }
  }

  private static String inPlane(PixelFormat format, int plane) {
    return format.planes() == 1 ? "" : ", plane " + plane;
  }
}
