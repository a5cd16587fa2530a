package org.scanformer.internal.image;

import java.io.IOException;
import org.scanformer.ImageLimits;

/**
 * A file reduced to what its first picture is decoded from: no other pictures, metadata, comments
 * or padding, so that a decoder's cost is that of the picture. It has been compared with the
 * limits.
 *
 * @param format as messages name it
 * @param file of that format, whose only picture it is
 * @param width of the picture in the file, in pixels
 * @param height of the picture in the file
 * @param canvas where the picture is shown; of its own size for most
 * @param orientation of EXIF, 1 for upright
 * @param floats whether samples are floating-point numbers of gray or of red, green and blue
 */
record FirstPicture(
    String format,
    byte[] file,
    int width,
    int height,
    Canvas canvas,
    int orientation,
    boolean floats) {
  /** A canvas, and where on it the picture's upper left corner is. */
  record Canvas(int x, int y, int width, int height) {}

  /** A picture that fills its canvas. */
  static FirstPicture of(String format, byte[] file, int width, int height, int orientation) {
    return new FirstPicture(
        format, file, width, height, new Canvas(0, 0, width, height), orientation, false);
  }

  /** The format that the first bytes show; null for others than the known ones. */
  static String formatOf(EncodedBytes file) throws IOException {
    if (file.isAt(0, "\u00ff\u00d8\u00ff")) {
      return "JPEG";
    } else if (file.isAt(0, "\u0089PNG\r\n\u001a\n")) {
      return "PNG";
    } else if (file.isAt(0, "GIF87a") || file.isAt(0, "GIF89a")) {
      return "GIF";
    } else if (file.isAt(0, "RIFF") && file.isAt(8, "WEBP")) {
      return "WebP";
    } else if (TiffFile.isTiff(file)) {
      return "TIFF";
    }
    return file.isAt(0, "BM") ? "BMP" : null;
  }

  /** What a file is that none of the readers takes, as far as its first bytes tell. */
  static String otherFormatOf(EncodedBytes file) throws IOException {
    if (file.isAt(4, "ftyp")) {
      // ISO/IEC 14496-12; the brands are those of ISO/IEC 23008-12 and of AVIF.
      if (file.isAt(8, "hei") || file.isAt(8, "hev") || file.isAt(8, "mif1")) {
        return "HEIC";
      }
      return file.isAt(8, "avi") ? "AVIF" : "a film or another file of the MP4 family";
    } else if (file.isAt(0, "\u00ff\n") || file.isAt(4, "JXL ")) {
      return "JPEG XL";
    }
    return file.isAt(0, "%PDF") ? "PDF" : "an unknown format";
  }

  /** Reduces a file of a known format. */
  static FirstPicture in(EncodedBytes file, String format, ImageLimits limits) throws IOException {
    return switch (format) {
      case "JPEG" -> JpegFile.firstPicture(file, limits);
      case "PNG" -> PngFile.firstPicture(file, limits);
      case "GIF" -> GifFile.firstPicture(file, limits);
      case "WebP" -> WebpFile.firstPicture(file, limits);
      case "TIFF" -> TiffFile.firstPicture(file, limits);
      default -> BmpFile.firstPicture(file, limits);
    };
  }

  /** Compares the processor time that a decoder takes between two looks at it with the limits. */
  static void checkTime(double nanos, long encoded, ImageLimits limits) throws IOException {
    long limit = TimeBudget.nanos(limits, encoded);
    if (nanos > limit) {
      throw new LimitExceeded(
          (long) (nanos / 1e6) + " ms of processor time needed to decode it",
          limit / 1_000_000,
          "decodeTime");
    }
  }

  /** Bytes of the file. */
  int encodedBytes() {
    return file.length;
  }

  /** Compares a size in the header with the limits. */
  static void checkSize(long width, long height, ImageLimits limits) throws IOException {
    if (width < 1 || height < 1) {
      throw new IOException("a size of " + width + "x" + height + " pixels");
    }
    long limit = Math.min(limits.pixels(), PackedPixels.MAX_PIXELS);
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE || width * height > limit) {
      throw new LimitExceeded(
          width + "x" + height + " = " + Long.toUnsignedString(width * height) + " pixels",
          limit,
          "pixels");
    }
    if (Math.max(width, height) > limits.side()) {
      throw new LimitExceeded(
          width + "x" + height + " pixels, a side of " + Math.max(width, height),
          limits.side(),
          "side");
    }
  }

  /**
   * Compares the bytes that decoding takes with the limits.
   *
   * @param decoding bytes while the picture is decoded and converted
   * @param result bytes of the pixels that come out; turning them upright needs as many again
   */
  static void checkMemory(
      double decoding, double result, int orientation, long encoded, ImageLimits limits)
      throws IOException {
    boolean turned = orientation > ExifOrientation.UPRIGHT && orientation <= 8;
    double bytes = Math.max(decoding, turned ? 2 * result : 0);
    long limit = Math.max(limits.memory(), 8 * encoded);
    if (bytes > limit) {
      throw new LimitExceeded(
          (long) bytes + " bytes of memory needed to decode it", limit, "memory");
    }
  }
}
