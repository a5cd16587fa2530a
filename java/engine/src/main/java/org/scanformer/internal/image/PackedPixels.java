package org.scanformer.internal.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/**
 * 8-bit pixels in rows without padding, [height, width, bytesPerPixel], in an array that nothing
 * else refers to.
 *
 * <p>The samples of gray and RGB images are kept as they are. BufferedImage.getRGB is not suitable:
 * it takes gray for linear light and applies a gamma, so that a stored 128 becomes 188.
 *
 * @param bytes exactly width * height * bytesPerPixel
 */
public record PackedPixels(byte[] bytes, PixelFormat format, int width, int height) {
  /** The most pixels whose four bytes each fit in a Java array. */
  static final long MAX_PIXELS = Integer.MAX_VALUE / 4;

  /**
   * Copies an image of any type: alpha composited onto black, every depth reduced to the nearest of
   * 256 levels.
   */
  public static PackedPixels of(BufferedImage image) {
    long pixels = (long) image.getWidth() * image.getHeight();
    if (pixels > MAX_PIXELS) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          String.format(
              "image: found %dx%d = %d pixels, expected at most %d",
              image.getWidth(), image.getHeight(), pixels, MAX_PIXELS));
    }
    switch (image.getType()) {
      case BufferedImage.TYPE_INT_RGB:
      case BufferedImage.TYPE_INT_ARGB_PRE: // premultiplied is composited onto black
        return fromInts(image, PixelFormat.BGRA);
      case BufferedImage.TYPE_INT_BGR:
        return fromInts(image, PixelFormat.RGBA);
      default:
        break;
    }
    ColorModel colors = image.getColorModel();
    if (colors instanceof IndexColorModel palette) {
      return fromPalette(image, palette);
    }
    int space = colors.getColorSpace().getType();
    if (image.getType() == BufferedImage.TYPE_INT_ARGB
        || (space != ColorSpace.TYPE_GRAY && space != ColorSpace.TYPE_RGB)) {
      return fromColors(image);
    }
    if (colors instanceof ComponentColorModel
        && colors.getTransferType() == DataBuffer.TYPE_BYTE
        && colors.getComponentSize(0) == 8) {
      return fromBytes(image);
    }
    return fromSamples(image);
  }

  /** Pixels of one int each, copied as they are; little-endian bytes turn 0xXXRRGGBB into BGRA. */
  private static PackedPixels fromInts(BufferedImage image, PixelFormat format) {
    PackedPixels packed = allocate(image, format);
    IntBuffer out = packed.ints();
    int[] row = new int[packed.width];
    for (int y = 0; y < packed.height; y++) {
      image.getRaster().getDataElements(0, y, packed.width, 1, row);
      out.put(row);
    }
    return packed;
  }

  /** Through the colour model's conversion to sRGB, which for TYPE_INT_ARGB changes nothing. */
  private static PackedPixels fromColors(BufferedImage image) {
    PackedPixels packed = allocate(image, PixelFormat.BGRA);
    IntBuffer out = packed.ints();
    int[] row = new int[packed.width];
    for (int y = 0; y < packed.height; y++) {
      image.getRGB(0, y, packed.width, 1, row, 0, packed.width);
      for (int x = 0; x < row.length; x++) {
        row[x] = ontoBlack(row[x]);
      }
      out.put(row);
    }
    return packed;
  }

  private static PackedPixels fromPalette(BufferedImage image, IndexColorModel palette) {
    // Room for every index that fits the pixels: a damaged file may hold some past the palette's
    // end.
    int[] colors = new int[1 << DataBuffer.getDataTypeSize(palette.getTransferType())];
    palette.getRGBs(colors);
    for (int i = 0; i < colors.length; i++) {
      colors[i] = ontoBlack(colors[i]);
    }
    PackedPixels packed = allocate(image, PixelFormat.BGRA);
    IntBuffer out = packed.ints();
    int[] row = new int[packed.width];
    for (int y = 0; y < packed.height; y++) {
      image.getRaster().getPixels(0, y, packed.width, 1, row);
      for (int x = 0; x < row.length; x++) {
        row[x] = colors[row[x]];
      }
      out.put(row);
    }
    return packed;
  }

  /**
   * Samples of a byte each; getDataElements puts them in the order of the bands: gray or red,
   * green, blue, alpha.
   */
  private static PackedPixels fromBytes(BufferedImage image) {
    ColorModel colors = image.getColorModel();
    int channels = colors.getNumColorComponents();
    PackedPixels packed = allocate(image, channels == 1 ? PixelFormat.GRAY : PixelFormat.RGB);
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    byte[] row = new byte[Math.multiplyExact(packed.width, bands)];
    int out = 0;
    for (int y = 0; y < packed.height; y++) {
      raster.getDataElements(0, y, packed.width, 1, row);
      if (bands == channels) {
        System.arraycopy(row, 0, packed.bytes, out, row.length);
        out += row.length;
        continue;
      }
      boolean composite = colors.hasAlpha() && !colors.isAlphaPremultiplied();
      for (int in = 0; in < row.length; in += bands) {
        int alpha = composite ? row[in + channels] & 0xff : 255;
        for (int c = 0; c < channels; c++) {
          packed.bytes[out++] = (byte) scale(row[in + c] & 0xff, alpha);
        }
      }
    }
    return packed;
  }

  /**
   * Samples of any other depth or type, integers from 0 to their maximum or floating-point numbers
   * from 0 to 1.
   */
  private static PackedPixels fromSamples(BufferedImage image) {
    ColorModel colors = image.getColorModel();
    int channels = colors.getNumColorComponents();
    PackedPixels packed = allocate(image, channels == 1 ? PixelFormat.GRAY : PixelFormat.RGB);
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    double[] maxima = new double[colors.getNumComponents()];
    for (int b = 0; b < maxima.length; b++) {
      maxima[b] =
          switch (colors.getTransferType()) {
            case DataBuffer.TYPE_SHORT -> Short.MAX_VALUE;
            case DataBuffer.TYPE_FLOAT, DataBuffer.TYPE_DOUBLE -> 1;
            default -> (1L << colors.getComponentSize(b)) - 1;
          };
    }
    boolean unsignedInts = colors.getTransferType() == DataBuffer.TYPE_INT;
    boolean composite = colors.hasAlpha() && !colors.isAlphaPremultiplied();
    double[] row = new double[Math.multiplyExact(packed.width, bands)];
    int out = 0;
    for (int y = 0; y < packed.height; y++) {
      raster.getPixels(0, y, packed.width, 1, row);
      for (int in = 0; in < row.length; in += bands) {
        double alpha = composite ? unit(row[in + channels], maxima[channels], unsignedInts) : 1;
        for (int c = 0; c < channels; c++) {
          packed.bytes[out++] =
              (byte) (unit(row[in + c], maxima[c], unsignedInts) * alpha * 255 + 0.5);
        }
      }
    }
    return packed;
  }

  /** A sample as 0 to 1; NaN stays and ends as 0. */
  private static double unit(double sample, double max, boolean unsignedInt) {
    double value = unsignedInt && sample < 0 ? sample + 0x1p32 : sample;
    return Math.max(0, Math.min(1, value / max));
  }

  /** The ARGB color composited onto black, opaque. */
  private static int ontoBlack(int argb) {
    int alpha = argb >>> 24;
    return 0xff000000
        | scale(argb >> 16 & 0xff, alpha) << 16
        | scale(argb >> 8 & 0xff, alpha) << 8
        | scale(argb & 0xff, alpha);
  }

  /** value * alpha / 255 to the nearest integer; 255 is odd, so there are no ties. */
  private static int scale(int value, int alpha) {
    return (value * alpha + 127) / 255;
  }

  private static PackedPixels allocate(BufferedImage image, PixelFormat format) {
    byte[] bytes = new byte[image.getWidth() * image.getHeight() * format.bytesPerPixel()];
    return new PackedPixels(bytes, format, image.getWidth(), image.getHeight());
  }

  private IntBuffer ints() {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
  }

  /**
   * The upright picture for an EXIF orientation: 1 as stored, 2 mirrored, 3 turned by 180 degrees,
   * 4 upside down, 5 transposed, 6 to be turned by 90 degrees clockwise, 7 transposed along the
   * other diagonal, 8 to be turned by 90 degrees counter-clockwise. Any other value is treated as
   * 1.
   */
  PackedPixels upright(int orientation) {
    if (orientation < 2 || orientation > 8) {
      return this;
    }
    boolean transposed = orientation >= 5;
    boolean mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    boolean flipped = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    int size = format.bytesPerPixel();
    int newWidth = transposed ? height : width;
    int newHeight = transposed ? width : height;
    byte[] out = new byte[bytes.length];
    int in = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = transposed ? y : x;
        int row = transposed ? x : y;
        int newColumn = mirrored ? newWidth - 1 - column : column;
        int newRow = flipped ? newHeight - 1 - row : row;
        int to = (newRow * newWidth + newColumn) * size;
        for (int c = 0; c < size; c++) {
          out[to + c] = bytes[in++];
        }
      }
    }
    return new PackedPixels(out, format, newWidth, newHeight);
  }
}
