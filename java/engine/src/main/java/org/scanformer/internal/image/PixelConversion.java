package org.scanformer.internal.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/**
 * Turns images of any type into 8-bit pixels: alpha composited onto white, every depth reduced to
 * the nearest of 256 levels.
 *
 * <p>The samples of gray and RGB images are kept as they are. BufferedImage.getRGB is not suitable:
 * it takes gray for linear light and applies a gamma, so that a stored 128 becomes 188.
 */
public final class PixelConversion {
  private static final int OPAQUE_BLACK = 0xff000000;

  private final BufferedImage image;
  private final TimeBudget budget;

  private PixelConversion(BufferedImage image, TimeBudget budget) {
    this.image = image;
    this.budget = budget;
  }

  /**
   * The pixels of an image that nothing else uses, without a copy where its samples are suitable.
   */
  static PackedPixels adopt(BufferedImage image, TimeBudget budget) {
    Raster raster = image.getRaster();
    boolean plain =
        isOfBytes(image.getColorModel())
            && !image.getColorModel().hasAlpha()
            && raster.getSampleModel() instanceof PixelInterleavedSampleModel
            && raster.getDataBuffer() instanceof DataBufferByte
            && raster.getParent() == null;
    if (plain) {
      PixelInterleavedSampleModel layout = (PixelInterleavedSampleModel) raster.getSampleModel();
      byte[] bytes = ((DataBufferByte) raster.getDataBuffer()).getData();
      PixelFormat format = formatOf(layout);
      if (format != null
          && layout.getScanlineStride() == image.getWidth() * format.bytesPerPixel()
          && bytes.length == (long) image.getHeight() * layout.getScanlineStride()) {
        return new PackedPixels(bytes, format, image.getWidth(), image.getHeight());
      }
    }
    return new PixelConversion(image, budget).convert();
  }

  /** The packed format of a layout; null for none. */
  private static PixelFormat formatOf(PixelInterleavedSampleModel layout) {
    int[] offsets = layout.getBandOffsets();
    if (layout.getPixelStride() != offsets.length) {
      return null;
    } else if (Arrays.equals(offsets, new int[] {0})) {
      return PixelFormat.GRAY;
    } else if (Arrays.equals(offsets, new int[] {0, 1, 2})) {
      return PixelFormat.RGB;
    }
    return Arrays.equals(offsets, new int[] {2, 1, 0}) ? PixelFormat.BGR : null;
  }

  /** Whether pixels are gray or RGB samples of 8 bits. */
  private static boolean isOfBytes(ColorModel colors) {
    int space = colors.getColorSpace().getType();
    return colors instanceof ComponentColorModel
        && (space == ColorSpace.TYPE_GRAY || space == ColorSpace.TYPE_RGB)
        && colors.getTransferType() == DataBuffer.TYPE_BYTE
        && colors.getComponentSize(0) == 8;
  }

  /** Copies an image of any type. */
  public static PackedPixels copy(BufferedImage image) {
    return new PixelConversion(image, TimeBudget.unlimited()).convert();
  }

  private PackedPixels convert() {
    long pixels = (long) image.getWidth() * image.getHeight();
    if (pixels > PackedPixels.MAX_PIXELS) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          String.format(
              Locale.ROOT,
              "image: found %dx%d = %d pixels, expected at most %d",
              image.getWidth(),
              image.getHeight(),
              pixels,
              PackedPixels.MAX_PIXELS));
    }
    switch (image.getType()) {
      case BufferedImage.TYPE_INT_RGB:
      case BufferedImage.TYPE_INT_ARGB_PRE:
        return fromInts(PixelFormat.BGRA);
      case BufferedImage.TYPE_INT_BGR:
        return fromInts(PixelFormat.RGBA);
      default:
        break;
    }
    ColorModel colors = image.getColorModel();
    if (colors instanceof IndexColorModel palette) {
      return fromPalette(palette);
    }
    int space = colors.getColorSpace().getType();
    if (image.getType() == BufferedImage.TYPE_INT_ARGB
        || (space != ColorSpace.TYPE_GRAY && space != ColorSpace.TYPE_RGB)) {
      return fromColors();
    }
    if (isOfBytes(colors)) {
      return fromBytes();
    }
    return colors instanceof ComponentColorModel
            && !colors.hasAlpha()
            && colors.getTransferType() == DataBuffer.TYPE_USHORT
            && colors.getComponentSize(0) == 16
        ? fromShorts()
        : fromSamples();
  }

  /** Pixels of one int each, copied as they are; little-endian bytes turn 0xXXRRGGBB into BGRA. */
  private PackedPixels fromInts(PixelFormat format) {
    PackedPixels packed = allocate(format);
    boolean premultiplied = image.getType() == BufferedImage.TYPE_INT_ARGB_PRE;
    IntBuffer out = ints(packed);
    int[] row = new int[packed.width()];
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      image.getRaster().getDataElements(0, y, packed.width(), 1, row);
      for (int x = 0; premultiplied && x < row.length; x++) {
        row[x] = addWhite(row[x]);
      }
      out.put(row);
    }
    return packed;
  }

  /** Through the colour model's conversion to sRGB, which for TYPE_INT_ARGB changes nothing. */
  private PackedPixels fromColors() {
    PackedPixels packed = allocate(PixelFormat.BGRA);
    IntBuffer out = ints(packed);
    int[] row = new int[packed.width()];
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      image.getRGB(0, y, packed.width(), 1, row, 0, packed.width());
      for (int x = 0; x < row.length; x++) {
        row[x] = ontoWhite(row[x]);
      }
      out.put(row);
    }
    return packed;
  }

  private PackedPixels fromPalette(IndexColorModel palette) {
    // Room for every index that fits the pixels: a damaged file may hold some past the palette's
    // end.
    int[] colors = new int[1 << DataBuffer.getDataTypeSize(palette.getTransferType())];
    Arrays.fill(colors, OPAQUE_BLACK);
    palette.getRGBs(colors);
    for (int i = 0; i < colors.length; i++) {
      colors[i] = ontoWhite(colors[i]);
    }
    PackedPixels packed = allocate(PixelFormat.BGRA);
    IntBuffer out = ints(packed);
    int[] row = new int[packed.width()];
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      image.getRaster().getPixels(0, y, packed.width(), 1, row);
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
  private PackedPixels fromBytes() {
    ColorModel colors = image.getColorModel();
    int channels = colors.getNumColorComponents();
    PackedPixels packed = allocate(channels == 1 ? PixelFormat.GRAY : PixelFormat.RGB);
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    byte[] row = new byte[Math.multiplyExact(packed.width(), bands)];
    int out = 0;
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      raster.getDataElements(0, y, packed.width(), 1, row);
      if (bands == channels) {
        System.arraycopy(row, 0, packed.bytes(), out, row.length);
        out += row.length;
        continue;
      }
      for (int in = 0; in < row.length; in += bands) {
        int alpha = colors.hasAlpha() ? row[in + channels] & 0xff : 255;
        int scale = colors.isAlphaPremultiplied() ? 255 : alpha;
        for (int c = 0; c < channels; c++) {
          int value = scale(row[in + c] & 0xff, scale) + 255 - alpha;
          packed.bytes()[out++] = (byte) Math.min(255, value);
        }
      }
    }
    return packed;
  }

  /** Opaque samples of 16 bits, each v / 257 to the nearest integer. */
  private PackedPixels fromShorts() {
    int channels = image.getColorModel().getNumColorComponents();
    PackedPixels packed = allocate(channels == 1 ? PixelFormat.GRAY : PixelFormat.RGB);
    short[] row = new short[Math.multiplyExact(packed.width(), image.getRaster().getNumBands())];
    int out = 0;
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      image.getRaster().getDataElements(0, y, packed.width(), 1, row);
      for (short sample : row) {
        packed.bytes()[out++] = (byte) (((sample & 0xffff) + 128) / 257);
      }
    }
    return packed;
  }

  /**
   * Samples of any other depth or type: integers from 0 to their maximum, or floating-point numbers
   * from 0 to {@link #floatMaximum}.
   */
  private PackedPixels fromSamples() {
    ColorModel colors = image.getColorModel();
    int channels = colors.getNumColorComponents();
    PackedPixels packed = allocate(channels == 1 ? PixelFormat.GRAY : PixelFormat.RGB);
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    double floatMaximum = floatMaximum(raster, channels);
    double[] maxima = new double[colors.getNumComponents()];
    for (int b = 0; b < maxima.length; b++) {
      maxima[b] =
          switch (colors.getTransferType()) {
            case DataBuffer.TYPE_SHORT -> Short.MAX_VALUE;
            case DataBuffer.TYPE_FLOAT, DataBuffer.TYPE_DOUBLE -> floatMaximum;
            default -> (1L << colors.getComponentSize(b)) - 1;
          };
    }
    boolean unsignedInts = colors.getTransferType() == DataBuffer.TYPE_INT;
    double[] row = new double[Math.multiplyExact(packed.width(), bands)];
    int out = 0;
    for (int y = 0; y < packed.height(); y++) {
      budget.checkRow(y, packed.width());
      raster.getPixels(0, y, packed.width(), 1, row);
      for (int in = 0; in < row.length; in += bands) {
        double alpha =
            colors.hasAlpha() ? unit(row[in + channels], maxima[channels], unsignedInts) : 1;
        double scale = colors.isAlphaPremultiplied() ? 1 : alpha;
        for (int c = 0; c < channels; c++) {
          double value = unit(row[in + c], maxima[c], unsignedInts) * scale + 1 - alpha;
          packed.bytes()[out++] = (byte) (Math.min(1, value) * 255 + 0.5);
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

  /**
   * The white of floating-point samples, which nothing in a file tells: 1 is usual, 255 is what
   * many programs write that keep 8-bit values as floats. It is 255 if the samples' mean exceeds 1,
   * so that lights brighter than white do not make a picture of 0 to 1 dark.
   */
  private static double floatMaximum(Raster raster, int channels) {
    int type = raster.getTransferType();
    if (type != DataBuffer.TYPE_FLOAT && type != DataBuffer.TYPE_DOUBLE) {
      return 1;
    }
    double sum = 0;
    long count = 0;
    double[] row = new double[raster.getWidth()];
    for (int y = 0; y < raster.getHeight(); y++) {
      for (int c = 0; c < channels; c++) {
        raster.getSamples(raster.getMinX(), raster.getMinY() + y, row.length, 1, c, row);
        for (double sample : row) {
          if (Double.isFinite(sample)) {
            sum += sample;
            count++;
          }
        }
      }
    }
    return sum > count ? 255 : 1;
  }

  /** The ARGB color composited onto white, opaque. */
  private static int ontoWhite(int argb) {
    int alpha = argb >>> 24;
    return addWhite(
        argb & OPAQUE_BLACK
            | scale(argb >> 16 & 0xff, alpha) << 16
            | scale(argb >> 8 & 0xff, alpha) << 8
            | scale(argb & 0xff, alpha));
  }

  /** The ARGB color, by whose alpha the others have been multiplied, composited onto white. */
  private static int addWhite(int argb) {
    int white = 255 - (argb >>> 24);
    return OPAQUE_BLACK
        | Math.min(255, (argb >> 16 & 0xff) + white) << 16
        | Math.min(255, (argb >> 8 & 0xff) + white) << 8
        | Math.min(255, (argb & 0xff) + white);
  }

  /** value * alpha / 255 to the nearest integer; 255 is odd, so there are no ties. */
  private static int scale(int value, int alpha) {
    return (value * alpha + 127) / 255;
  }

  private PackedPixels allocate(PixelFormat format) {
    byte[] bytes = new byte[image.getWidth() * image.getHeight() * format.bytesPerPixel()];
    return new PackedPixels(bytes, format, image.getWidth(), image.getHeight());
  }

  private static IntBuffer ints(PackedPixels pixels) {
    return ByteBuffer.wrap(pixels.bytes()).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
  }
}
