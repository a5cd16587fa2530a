package org.scanformer;

/** Checks of what describes an image's samples. */
final class ImageArguments {
  private ImageArguments() {}

  static void requirePacked(PixelFormat format) {
    if (format.isYuv()) {
      throw badInput(
          "%s found, expected a format of packed pixels; YUV frames are taken by Image.yuv",
          format);
    }
  }

  static void requireYuv(PixelFormat format) {
    if (!format.isYuv()) {
      throw badInput(
          "%s found, expected a YUV format; packed pixels are taken by Image.of", format);
    }
  }

  static void requirePlanes(int planes, int strides, PixelFormat format) {
    if (planes != format.planes() || strides != format.planes()) {
      throw badInput(
          "%d planes and %d strides found, %d of each expected for %s",
          planes, strides, format.planes(), format);
    }
  }

  static void requireSize(int width, int height) {
    if (width < 1 || height < 1) {
      throw badInput("size %dx%d found, at least 1x1 expected", width, height);
    }
  }

  /** An error in what describes an image's samples. */
  static ScanFormerException badInput(String message, Object... arguments) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT, "image buffer: " + String.format(message, arguments));
  }
}
