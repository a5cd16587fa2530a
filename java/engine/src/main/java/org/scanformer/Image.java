package org.scanformer;

import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.scanformer.internal.image.ImageDecoder;
import org.scanformer.internal.image.PackedPixels;
import org.scanformer.internal.image.PixelConversion;

/**
 * A view of pixels in rows from top to bottom, each from left to right: packed pixels of 8-bit
 * samples or YUV video, in a Java buffer or in the memory of a CUDA device. Nothing is copied.
 *
 * <p>Files are read as PNG, JPEG (also CMYK), WebP, BMP, GIF or TIFF. Of several frames or pages
 * only the first is read:
 *
 * <ul>
 *   <li>A frame of a GIF or WebP file is shown at its place on the file's canvas, so that width,
 *       height and boxes are those of the canvas, as browsers show it.
 *   <li>The EXIF orientation is applied, so width and height are those of the upright picture.
 *   <li>Transparent pixels, and the canvas around a smaller frame, are composited onto white: that
 *       is the page on which browsers and most viewers show them, and what people who described
 *       such pictures saw. Black would hide the dark drawings that transparency is mostly used for,
 *       and a checkerboard would put edges where there are none.
 *   <li>Samples of other depths become the nearest of 256 levels, v * 255 / max, so 16-bit samples
 *       become v / 257. Floating-point samples are taken as 0 to 1, or as 0 to 255 if their mean
 *       exceeds 1.
 *   <li>Colour profiles and gamma are not applied: stored samples, also gray ones, are taken as
 *       sRGB. Only CMYK is converted by its embedded profile, as its colours need one.
 *   <li>A JPEG file that was filled up in place of its end marker is read if its picture is
 *       complete.
 * </ul>
 *
 * <p>Thread-safe: the view is immutable. The owner of a buffer or of an address must not change or
 * free the pixels while a call reads the image.
 */
public final class Image {
  private final ImagePlane[] planes;
  private final PixelFormat format;
  private final int width;
  private final int height;
  private final YuvColor color;

  private Image(ImagePlane[] planes, PixelFormat format, int width, int height, YuvColor color) {
    this.planes = planes;
    this.format = format;
    this.width = width;
    this.height = height;
    this.color = color;
  }

  /** {@link #read(Path, ImageLimits)} with {@link ImageLimits#defaults()}. */
  public static Image read(Path file) {
    return read(file, ImageLimits.defaults());
  }

  /**
   * Decodes an image file.
   *
   * @param limits what the file may cost; most are compared with the file's headers before pixels
   *     are decoded
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the file is missing, unreadable,
   *     of an unknown format, truncated, corrupt or beyond a limit; {@link ErrorCode#OUT_OF_MEMORY}
   *     when the Java heap cannot hold it
   */
  public static Image read(Path file, ImageLimits limits) {
    Objects.requireNonNull(limits, "limits");
    return wrap(ImageDecoder.decode(Objects.requireNonNull(file, "file"), limits));
  }

  /** {@link #read(InputStream, ImageLimits)} with {@link ImageLimits#defaults()}. */
  public static Image read(InputStream stream) {
    return read(stream, ImageLimits.defaults());
  }

  /**
   * Decodes an image from a stream. Bytes after the image may be consumed too; the stream is left
   * open. It need not be buffered.
   *
   * @param limits as in {@link #read(Path, ImageLimits)}
   * @throws ScanFormerException as {@link #read(Path, ImageLimits)}; also {@link
   *     ErrorCode#BAD_INPUT} when the stream fails
   */
  public static Image read(InputStream stream, ImageLimits limits) {
    Objects.requireNonNull(limits, "limits");
    return wrap(ImageDecoder.decode(Objects.requireNonNull(stream, "stream"), limits));
  }

  /**
   * Copies an image of any type; later changes to it are not seen. Alpha, depth and colour are
   * treated as those of files; colour spaces other than gray and RGB are converted to sRGB.
   *
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} for more than 2^29 - 1 pixels; {@link
   *     ErrorCode#OUT_OF_MEMORY} when the Java heap cannot hold the copy
   */
  public static Image of(BufferedImage image) {
    try {
      return wrap(PixelConversion.copy(Objects.requireNonNull(image, "image")));
    } catch (OutOfMemoryError e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          String.format(
              Locale.ROOT,
              "image: no room in the Java heap to copy %dx%d pixels",
              image.getWidth(),
              image.getHeight()),
          e);
    }
  }

  /** {@link #of(ByteBuffer, PixelFormat, int, int, int)} of rows without padding. */
  public static Image of(ByteBuffer pixels, PixelFormat format, int width, int height) {
    long stride = (long) width * Objects.requireNonNull(format, "format").bytesPerPixel();
    if (stride > Integer.MAX_VALUE) {
      throw ImageArguments.badInput(
          "rows of %d bytes found, at most %d expected", stride, Integer.MAX_VALUE);
    }
    return of(pixels, format, width, height, (int) stride);
  }

  /**
   * A view of packed pixels in a buffer, heap or direct, without a copy. The buffer's position and
   * limit are read now and never changed.
   *
   * @param pixels the first pixel is at the buffer's position; at least (height - 1) * rowStride +
   *     width * bytesPerPixel bytes remain. While a call reads the image, the contents must not
   *     change and the memory must not be freed: a call on a buffer whose arena is closed is an
   *     {@link IllegalStateException}, but an arena that is closed within a call may crash the JVM.
   * @param width in pixels, at least 1
   * @param height in pixels, at least 1
   * @param rowStride bytes from a row's first pixel to the next row's, at least width *
   *     bytesPerPixel
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when one of these does not hold or the
   *     format is not a packed one
   */
  public static Image of(
      ByteBuffer pixels, PixelFormat format, int width, int height, int rowStride) {
    Objects.requireNonNull(pixels, "pixels");
    ImageArguments.requirePacked(format);
    ImageArguments.requireSize(width, height);
    return new Image(
        new ImagePlane[] {ImagePlane.of(format, 0, pixels, width, height, rowStride)},
        format,
        width,
        height,
        null);
  }

  /**
   * A view of a YUV frame in one buffer without padding, its planes one after another, as V4L2,
   * Android and FFmpeg give it.
   *
   * @param format a YUV format
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the buffer is too small, or the
   *     format not a YUV one
   */
  public static Image yuv(
      ByteBuffer frame, PixelFormat format, int width, int height, YuvColor color) {
    ImageArguments.requireYuv(format);
    ImageArguments.requireSize(width, height);
    Objects.requireNonNull(color, "color");
    return new Image(
        ImagePlane.contiguous(frame, format, width, height), format, width, height, color);
  }

  /**
   * A view of the planes of a YUV frame in buffers, heap or direct, without a copy.
   *
   * @param planes as many as the format has, each from its buffer's position on: height rows of
   *     luma, or of pixels of YUYV and UYVY; (height + 1) / 2 rows of (width + 1) / 2 samples, or
   *     pairs of them, of chroma
   * @param strides bytes from a row of each plane to the next
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when a stride or a buffer is too small,
   *     there are not as many as planes, or the format is not a YUV one
   */
  public static Image yuv(
      ByteBuffer[] planes,
      int[] strides,
      PixelFormat format,
      int width,
      int height,
      YuvColor color) {
    ImageArguments.requireYuv(format);
    ImageArguments.requireSize(width, height);
    ImageArguments.requirePlanes(planes.length, strides.length, format);
    ImagePlane[] views = new ImagePlane[planes.length];
    for (int p = 0; p < views.length; p++) {
      views[p] = ImagePlane.of(format, p, planes[p], width, height, strides[p]);
    }
    return new Image(views, format, width, height, Objects.requireNonNull(color, "color"));
  }

  /** {@link #yuv(ByteBuffer, PixelFormat, int, int, YuvColor)} of NV12. */
  public static Image nv12(ByteBuffer frame, int width, int height, YuvColor color) {
    return yuv(frame, PixelFormat.NV12, width, height, color);
  }

  /** {@link #yuv(ByteBuffer[], int[], PixelFormat, int, int, YuvColor)} of NV12. */
  public static Image nv12(
      ByteBuffer luma,
      int lumaStride,
      ByteBuffer chroma,
      int chromaStride,
      int width,
      int height,
      YuvColor color) {
    ByteBuffer[] planes = {luma, chroma};
    int[] strides = {lumaStride, chromaStride};
    return yuv(planes, strides, PixelFormat.NV12, width, height, color);
  }

  /** {@link #yuv(ByteBuffer, PixelFormat, int, int, YuvColor)} of I420. */
  public static Image i420(ByteBuffer frame, int width, int height, YuvColor color) {
    return yuv(frame, PixelFormat.I420, width, height, color);
  }

  /** {@link #yuv(ByteBuffer[], int[], PixelFormat, int, int, YuvColor)} of I420. */
  public static Image i420(
      ByteBuffer luma,
      int lumaStride,
      ByteBuffer cb,
      ByteBuffer cr,
      int chromaStride,
      int width,
      int height,
      YuvColor color) {
    ByteBuffer[] planes = {luma, cb, cr};
    int[] strides = {lumaStride, chromaStride, chromaStride};
    return yuv(planes, strides, PixelFormat.I420, width, height, color);
  }

  /**
   * A view of packed pixels in the memory of the CUDA device that the model runs on. Whatever
   * writes them must be complete before a call with the image begins, and they must stay unchanged
   * until it returns.
   *
   * <p>The memory must belong to the device's primary context, the one that the CUDA runtime uses.
   * A call checks the first and the last byte of each plane, and refuses what is not in the
   * device's memory. It does not check the bytes between: a plane that reaches over two allocations
   * with a gap between them can end the process's use of the device.
   *
   * @param address of the first pixel, as cudaMalloc, cudaMallocPitch or a decoder gives it
   * @param pitch bytes from a row's first pixel to the next row's
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the address is 0, the pitch too
   *     small or the format not a packed one
   */
  public static Image onDevice(long address, PixelFormat format, int width, int height, int pitch) {
    ImageArguments.requirePacked(format);
    ImageArguments.requireSize(width, height);
    return new Image(
        new ImagePlane[] {ImagePlane.onDevice(format, 0, address, width, pitch)},
        format,
        width,
        height,
        null);
  }

  /**
   * A view of a YUV frame in the memory of the CUDA device that the model runs on, as NVIDIA's
   * video decoder makes NV12 and P010; see {@link #onDevice}.
   *
   * @param addresses of the format's planes
   * @param pitches bytes from a row of each plane to the next
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when an address is 0, a pitch too
   *     small, there are not as many as planes, or the format is not a YUV one
   */
  public static Image yuvOnDevice(
      long[] addresses, int[] pitches, PixelFormat format, int width, int height, YuvColor color) {
    ImageArguments.requireYuv(format);
    ImageArguments.requireSize(width, height);
    ImageArguments.requirePlanes(addresses.length, pitches.length, format);
    ImagePlane[] views = new ImagePlane[addresses.length];
    for (int p = 0; p < views.length; p++) {
      views[p] = ImagePlane.onDevice(format, p, addresses[p], width, pitches[p]);
    }
    return new Image(views, format, width, height, Objects.requireNonNull(color, "color"));
  }

  /** {@link #yuvOnDevice} of NV12 with one pitch. */
  public static Image nv12OnDevice(
      long luma, long chroma, int width, int height, int pitch, YuvColor color) {
    long[] addresses = {luma, chroma};
    int[] pitches = {pitch, pitch};
    return yuvOnDevice(addresses, pitches, PixelFormat.NV12, width, height, color);
  }

  private static Image wrap(PackedPixels pixels) {
    return of(ByteBuffer.wrap(pixels.bytes()), pixels.format(), pixels.width(), pixels.height());
  }

  /**
   * A view of a part of this image, without a copy: a region of interest. Boxes found in it are
   * relative to it.
   *
   * @param x left edge, 0 to width - 1; even in a YUV image
   * @param y upper edge, 0 to height - 1; even in a 4:2:0 image
   * @param regionWidth at least 1, at most width - x
   * @param regionHeight at least 1, at most height - y
   * @throws ScanFormerException {@link ErrorCode#BAD_INPUT} when the region is not within the
   *     image, or begins within a chroma sample
   */
  public Image region(int x, int y, int regionWidth, int regionHeight) {
    if (x < 0
        || y < 0
        || regionWidth < 1
        || regionHeight < 1
        || regionWidth > width - x
        || regionHeight > height - y) {
      throw ImageArguments.badInput(
          "region of %dx%d at (%d, %d) found, expected one within %dx%d",
          regionWidth, regionHeight, x, y, width, height);
    }
    if (x % format.pairAcross() != 0 || y % format.pairDown() != 0) {
      throw ImageArguments.badInput(
          "region at (%d, %d) found, expected even coordinates in a %s image", x, y, format);
    }
    ImagePlane[] parts = new ImagePlane[planes.length];
    for (int p = 0; p < parts.length; p++) {
      parts[p] = planes[p].region(format, p, x, y, regionWidth, regionHeight);
    }
    return new Image(parts, format, regionWidth, regionHeight, color);
  }

  /** Pixels per row, at least 1. */
  public int width() {
    return width;
  }

  /** Rows, at least 1. */
  public int height() {
    return height;
  }

  /** {@link #stride(int)} of the first plane. */
  public int rowStride() {
    return stride(0);
  }

  /** Bytes from a row of a plane to the next. */
  public int stride(int plane) {
    return planes[plane].stride();
  }

  /** The layout of the samples. */
  public PixelFormat format() {
    return format;
  }

  /** What the samples of a YUV image mean; null for other formats. */
  public YuvColor color() {
    return color;
  }

  /** Whether the pixels are in the memory of a CUDA device rather than in buffers. */
  public boolean isOnDevice() {
    return planes[0].buffer() == null;
  }

  /** Where a plane is on the device; 0 when it is in a buffer. */
  public long address(int plane) {
    return planes[plane].address();
  }

  /** Bytes from the first sample of a plane to its last: (rows - 1) * stride + a row's bytes. */
  public long bytes(int plane) {
    return (format.rows(plane, height) - 1L) * stride(plane) + format.rowBytes(plane, width);
  }

  /** {@link #plane(int)} of the first plane: all of a packed image. */
  public ByteBuffer pixels() {
    return plane(0);
  }

  /**
   * A new read-only view of a plane, heap or direct as it was given: position 0 is its first
   * sample, the limit is after the last one, at {@link #bytes(int)}.
   *
   * @throws IllegalStateException when the image is on a device
   */
  public ByteBuffer plane(int plane) {
    if (isOnDevice()) {
      throw new IllegalStateException("The image is in the memory of a device, not in a buffer");
    }
    return planes[plane].buffer().duplicate();
  }

  /** Size and format, for messages. */
  @Override
  public String toString() {
    return width + "x" + height + " " + format;
  }
}
