package org.scanformer;

import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.scanformer.internal.image.ImageDecoder;
import org.scanformer.internal.image.PackedPixels;

/**
 * A view of packed 8-bit pixels, [height, rowStride bytes], rows from top to bottom and pixels from
 * left to right.
 *
 * <p>Files are read as PNG, JPEG (also CMYK), WebP, BMP, GIF or TIFF. Of several frames or pages
 * only the first is read, in its own size:
 *
 * <ul>
 *   <li>The EXIF orientation is applied, so width and height are those of the upright picture.
 *   <li>Transparent pixels are composited onto black.
 *   <li>Samples of other depths become the nearest of 256 levels, v * 255 / max, so 16 bits become
 *       v / 257.
 *   <li>Colour profiles and gamma are not applied: the stored samples are taken for sRGB, also gray
 *       ones. Only CMYK goes through its embedded profile, as there is no other way to its colours.
 * </ul>
 *
 * <p>Thread-safe: the view is immutable. Who gave a buffer to {@link #of(ByteBuffer, PixelFormat,
 * int, int, int)} must not change it while a call reads the image.
 */
public final class Image {
  /** The limit of pixels (width * height) for files when none is given. */
  public static final long DEFAULT_MAX_PIXELS = 100_000_000;

  private final ByteBuffer pixels;
  private final PixelFormat format;
  private final int width;
  private final int height;
  private final int rowStride;

  private Image(ByteBuffer pixels, PixelFormat format, int width, int height, int rowStride) {
    this.pixels = pixels;
    this.format = format;
    this.width = width;
    this.height = height;
    this.rowStride = rowStride;
  }

  /** {@link #read(Path, long)} with {@link #DEFAULT_MAX_PIXELS}. */
  public static Image read(Path file) {
    return read(file, DEFAULT_MAX_PIXELS);
  }

  /**
   * Decodes an image file.
   *
   * @param maxPixels the most pixels to accept, at least 1; compared with the file's header before
   *     pixels are decoded. More than 2^29 - 1 pixels are never accepted.
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the file is missing, unreadable,
   *     of an unknown format, truncated, corrupt or larger than maxPixels; {@link
   *     ErrorCode#OUT_OF_MEMORY} when the Java heap cannot hold it
   */
  public static Image read(Path file, long maxPixels) {
    return wrap(ImageDecoder.decode(Objects.requireNonNull(file, "file"), maxPixels));
  }

  /** {@link #read(InputStream, long)} with {@link #DEFAULT_MAX_PIXELS}. */
  public static Image read(InputStream stream) {
    return read(stream, DEFAULT_MAX_PIXELS);
  }

  /**
   * Decodes an image from a stream. Bytes behind the image may be consumed too; the stream is left
   * open.
   *
   * @param maxPixels as in {@link #read(Path, long)}
   * @throws ScanFormerException as {@link #read(Path, long)}; also {@link ErrorCode#BAD_INPUT} when
   *     the stream fails
   */
  public static Image read(InputStream stream, long maxPixels) {
    return wrap(ImageDecoder.decode(Objects.requireNonNull(stream, "stream"), maxPixels));
  }

  /**
   * Copies an image of any type; later changes of it are not seen. Alpha, depth and colour are
   * treated as those of files; colour spaces other than gray and RGB are converted to sRGB.
   *
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} for more than 2^29 - 1 pixels; {@link
   *     ErrorCode#OUT_OF_MEMORY} when the Java heap cannot hold the copy
   */
  public static Image of(BufferedImage image) {
    try {
      return wrap(PackedPixels.of(Objects.requireNonNull(image, "image")));
    } catch (OutOfMemoryError e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          String.format(
              "image: no room in the Java heap to copy %dx%d pixels",
              image.getWidth(), image.getHeight()),
          e);
    }
  }

  /** {@link #of(ByteBuffer, PixelFormat, int, int, int)} of rows without padding. */
  public static Image of(ByteBuffer pixels, PixelFormat format, int width, int height) {
    long stride = (long) width * Objects.requireNonNull(format, "format").bytesPerPixel();
    if (stride > Integer.MAX_VALUE) {
      throw badInput("rows of %d bytes found, at most %d expected", stride, Integer.MAX_VALUE);
    }
    return of(pixels, format, width, height, (int) stride);
  }

  /**
   * A view of a buffer, heap or direct, without a copy. The buffer's position and limit are read
   * now and never changed.
   *
   * @param pixels the first pixel is at the buffer's position; at least (height - 1) * rowStride +
   *     width * bytesPerPixel bytes remain. The contents must not change while a call reads the
   *     image.
   * @param width in pixels, at least 1
   * @param height in pixels, at least 1
   * @param rowStride bytes from a row's first pixel to the next row's, at least width *
   *     bytesPerPixel
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when one of these does not hold
   */
  public static Image of(
      ByteBuffer pixels, PixelFormat format, int width, int height, int rowStride) {
    Objects.requireNonNull(pixels, "pixels");
    Objects.requireNonNull(format, "format");
    if (width < 1 || height < 1) {
      throw badInput("size %dx%d found, at least 1x1 expected", width, height);
    }
    long rowBytes = (long) width * format.bytesPerPixel();
    if (rowStride < rowBytes) {
      throw badInput(
          "row stride of %d bytes found, at least %d expected for %d pixels of %s",
          rowStride, rowBytes, width, format);
    }
    long needed = (long) (height - 1) * rowStride + rowBytes;
    if (pixels.remaining() < needed) {
      throw badInput(
          "%d bytes found in the buffer, at least %d expected for %dx%d %s with a row stride of %d",
          pixels.remaining(), needed, width, height, format, rowStride);
    }
    ByteBuffer view = pixels.slice(pixels.position(), (int) needed).asReadOnlyBuffer();
    return new Image(view, format, width, height, rowStride);
  }

  private static Image wrap(PackedPixels pixels) {
    return of(ByteBuffer.wrap(pixels.bytes()), pixels.format(), pixels.width(), pixels.height());
  }

  private static ScanFormerException badInput(String message, Object... arguments) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT, "image buffer: " + String.format(message, arguments));
  }

  /**
   * A view of a part of this image, without a copy: a region of interest. Boxes found in it are
   * relative to it.
   *
   * @param x left edge, 0 to width - 1
   * @param y upper edge, 0 to height - 1
   * @param regionWidth at least 1, at most width - x
   * @param regionHeight at least 1, at most height - y
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the region is not within the image
   */
  public Image region(int x, int y, int regionWidth, int regionHeight) {
    if (x < 0
        || y < 0
        || regionWidth < 1
        || regionHeight < 1
        || regionWidth > width - x
        || regionHeight > height - y) {
      throw badInput(
          "region of %dx%d at (%d, %d) found, expected one within %dx%d",
          regionWidth, regionHeight, x, y, width, height);
    }
    int bytes = format.bytesPerPixel();
    ByteBuffer view = pixels.duplicate();
    // Exact: the offset of a pixel that is within the buffer.
    view.position(y * rowStride + x * bytes);
    return of(view, format, regionWidth, regionHeight, rowStride);
  }

  /** Pixels a row, at least 1. */
  public int width() {
    return width;
  }

  /** Rows, at least 1. */
  public int height() {
    return height;
  }

  /** Bytes from a row's first pixel to the next row's; at least width * bytesPerPixel. */
  public int rowStride() {
    return rowStride;
  }

  /** The layout of a pixel. */
  public PixelFormat format() {
    return format;
  }

  /**
   * A new read-only view, heap or direct as the pixels are: position 0 is the first pixel, the
   * limit is behind the last one, at (height - 1) * rowStride + width * bytesPerPixel.
   */
  public ByteBuffer pixels() {
    return pixels.duplicate();
  }

  /** Size and format, for messages. */
  @Override
  public String toString() {
    return width + "x" + height + " " + format;
  }
}
