package org.scanformer.internal.image;

import java.io.IOException;
import org.scanformer.ImageLimits;

/** Compares a BMP file, which holds nothing but its picture, with the limits. */
final class BmpFile {
  private static final int OS2_HEADER = 12;
  private static final int MAX_COLORS = 1 << 16;

  private BmpFile() {}

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    long header = file.u32le(14);
    boolean os2 = header == OS2_HEADER;
    long width = os2 ? file.u16le(18) : (int) file.u32le(18);
    long height = os2 ? file.u16le(20) : Math.abs((long) (int) file.u32le(22));
    FirstPicture.checkSize(width, height, limits);
    int depth = file.u16le(os2 ? 24 : 28);
    if (!os2) {
      long compression = file.u32le(30);
      // Others are JPEG and PNG files within the file, which only printers are sent.
      if (compression > 3 && compression != 6) {
        throw new IOException("compression " + compression);
      }
      if (header >= 40) {
        LimitExceeded.check(file.u32le(46), "colours", MAX_COLORS, "parts");
      }
    }
    // Samples of 3 or 4 bytes are used as they are decoded; indices and others are copied.
    double bytes = depth == 24 ? 3 : depth == 32 ? 8 : depth / 8.0 + 4;
    file.readAll();
    FirstPicture.checkMemory(
        bytes * width * height, 0, ExifOrientation.UPRIGHT, file.length(), limits);
    return FirstPicture.of("BMP", file.whole(), (int) width, (int) height, ExifOrientation.UPRIGHT);
  }
}
