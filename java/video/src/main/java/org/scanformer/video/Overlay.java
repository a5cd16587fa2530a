package org.scanformer.video;

import java.nio.ByteBuffer;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;
import org.scanformer.YuvColor;

/**
 * Draws boxes and labels on pixels in RGB, BGR, RGBA, BGRA, GRAY, NV12 or I420, in place. It needs
 * neither fonts nor Java2D: letters are ASCII, of a font of its own; other characters are shown as
 * question marks.
 *
 * <p>Colours are 0xRRGGBB. What lies outside of the image is left out. Not safe for use by several
 * threads on the same pixels.
 */
public final class Overlay {
  private static final int BLACK = 0;

  /** Red, green, blue, yellow, magenta and cyan, for one object after another. */
  private static final int[] COLORS = {0xff3030, 0x28dc3c, 0x326eff, 0xffd200, 0xe63ce6, 0x20d8d8};

  private final ByteBuffer[] planes;
  private final int[] strides;
  private final PixelFormat format;
  private final int width;
  private final int height;
  private final YuvColor color;

  private Overlay(
      ByteBuffer[] planes,
      int[] strides,
      PixelFormat format,
      int width,
      int height,
      YuvColor color) {
    this.planes = planes;
    this.strides = strides;
    this.format = format;
    this.width = width;
    this.height = height;
    this.color = color;
  }

  /**
   * Draws on planes of pixels.
   *
   * @param planes as {@link org.scanformer.Image#yuv(ByteBuffer[], int[], PixelFormat, int, int,
   *     YuvColor)} takes them, or one of packed pixels; each from its position on; kept
   * @param strides bytes from a row of each plane to the next
   * @param color what YUV samples mean; null for other formats
   * @throws ScanFormerException BAD_INPUT when a plane is too small or read-only, or the format is
   *     one that cannot be drawn in
   */
  public static Overlay on(
      ByteBuffer[] planes,
      int[] strides,
      PixelFormat format,
      int width,
      int height,
      YuvColor color) {
    requireDrawable(format);
    // It checks sizes and strides.
    if (format.isYuv()) {
      org.scanformer.Image.yuv(planes, strides, format, width, height, color);
    } else {
      org.scanformer.Image.of(planes[0], format, width, height, strides[0]);
    }
    ByteBuffer[] slices = new ByteBuffer[format.planes()];
    for (int p = 0; p < slices.length; p++) {
      if (planes[p].isReadOnly()) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "Plane " + p + " is read-only, expected one to draw on");
      }
      slices[p] = planes[p].slice();
    }
    return new Overlay(slices, strides.clone(), format, width, height, color);
  }

  static void requireDrawable(PixelFormat format) {
    switch (format) {
      case RGB, BGR, RGBA, BGRA, GRAY, NV12, I420 -> {}
      default ->
          throw new ScanFormerException(
              ErrorCode.BAD_INPUT,
              "The format "
                  + format
                  + " found, expected one to draw in: RGB, BGR, RGBA, BGRA, GRAY, NV12 or I420");
    }
  }

  /** A colour for the n-th object, from 0; they repeat after six. */
  public static int colorOf(int n) {
    return COLORS[Math.floorMod(n, COLORS.length)];
  }

  /** The outline of a box with a dark edge, which keeps it visible on any background. */
  public Overlay box(Box box, int rgb) {
    int stroke = Math.max(2, Math.max(width, height) / 300);
    frame(box, stroke + 1, 1, BLACK);
    frame(box, stroke, 0, rgb);
    return this;
  }

  /** A frame of some thickness around a box, grown by a margin on both sides. */
  private void frame(Box box, int thickness, int margin, int rgb) {
    int left = (int) Math.round(box.x()) - margin;
    int top = (int) Math.round(box.y()) - margin;
    int right = (int) Math.round(box.right()) + margin;
    int bottom = (int) Math.round(box.bottom()) + margin;
    int inside = thickness + margin;
    fill(left, top, right, top + inside, rgb);
    fill(left, bottom - inside, right, bottom, rgb);
    fill(left, top, left + inside, bottom, rgb);
    fill(right - inside, top, right, bottom, rgb);
  }

  /**
   * A label above a box, or within it where there is no room above; black on the colour.
   *
   * @param text one line; what is wider than the image is cut off
   */
  public Overlay label(Box box, String text, int rgb) {
    int scale = letterScale();
    int lineHeight = (BitmapFont.HEIGHT + 2) * scale;
    double top = box.y() - lineHeight;
    double left = Math.min(box.x(), width - (double) textWidth(text));
    return text(left < 0 ? 0 : left, top < 0 ? Math.max(0, box.y()) : top, text, rgb);
  }

  /** A line of text with its upper left corner at a place; black on the colour. */
  public Overlay text(double x, double y, String text, int rgb) {
    int scale = letterScale();
    int left = (int) Math.round(x);
    int top = (int) Math.round(y);
    fill(left, top, left + textWidth(text), top + (BitmapFont.HEIGHT + 2) * scale, rgb);
    for (int i = 0; i < text.length(); i++) {
      int at = left + scale + i * BitmapFont.ADVANCE * scale;
      for (int row = 0; row < BitmapFont.HEIGHT; row++) {
        for (int column = 0; column < BitmapFont.WIDTH; column++) {
          if (BitmapFont.isSet(text.charAt(i), row, column)) {
            int dotX = at + column * scale;
            int dotY = top + (row + 1) * scale;
            fill(dotX, dotY, dotX + scale, dotY + scale, BLACK);
          }
        }
      }
    }
    return this;
  }

  private int letterScale() {
    return Math.max(1, Math.max(width, height) / 320);
  }

  private int textWidth(String text) {
    return (text.length() * BitmapFont.ADVANCE + 1) * letterScale();
  }

  /** Fills a rectangle; right and bottom are exclusive. */
  private void fill(int left, int top, int right, int bottom, int rgb) {
    int x0 = Math.max(0, left);
    int y0 = Math.max(0, top);
    int x1 = Math.min(width, right);
    int y1 = Math.min(height, bottom);
    if (x0 >= x1 || y0 >= y1) {
      return;
    }
    int red = rgb >> 16 & 255;
    int green = rgb >> 8 & 255;
    int blue = rgb & 255;
    switch (format) {
      case RGB, RGBA -> fill(0, x0, y0, x1, y1, red, green, blue);
      case BGR, BGRA -> fill(0, x0, y0, x1, y1, blue, green, red);
      case GRAY -> fill(0, x0, y0, x1, y1, (299 * red + 587 * green + 114 * blue) / 1000);
      default -> fillYuv(x0, y0, x1, y1, red, green, blue);
    }
  }

  private void fillYuv(int x0, int y0, int x1, int y1, int red, int green, int blue) {
    boolean high = color == YuvColor.BT709_LIMITED || color == YuvColor.BT709_FULL;
    boolean full = color == YuvColor.BT601_FULL || color == YuvColor.BT709_FULL;
    double kr = high ? 0.2126 : 0.299;
    double kb = high ? 0.0722 : 0.114;
    double luma = kr * red + (1 - kr - kb) * green + kb * blue;
    int y = (int) Math.round(full ? luma : 16 + luma * 219 / 255);
    double chroma = full ? 1 : 224.0 / 255;
    int cb = sample(128 + chroma * (blue - luma) / (2 * (1 - kb)));
    int cr = sample(128 + chroma * (red - luma) / (2 * (1 - kr)));
    fill(0, x0, y0, x1, y1, y);
    // All the samples of chroma that apply to one of the pixels.
    int left = x0 / 2;
    int top = y0 / 2;
    int right = (x1 + 1) / 2;
    int bottom = (y1 + 1) / 2;
    if (format == PixelFormat.NV12) {
      fill(1, left, top, right, bottom, cb, cr);
    } else {
      fill(1, left, top, right, bottom, cb);
      fill(2, left, top, right, bottom, cr);
    }
  }

  private static int sample(double value) {
    return (int) Math.max(0, Math.min(255, Math.round(value)));
  }

  /** Fills a rectangle of a plane's samples with values; a fourth byte of a pixel is left alone. */
  private void fill(int plane, int x0, int y0, int x1, int y1, int... values) {
    ByteBuffer to = planes[plane];
    int step = plane == 0 ? format.bytesPerPixel() : values.length;
    for (int y = y0; y < y1; y++) {
      int at = y * strides[plane] + x0 * step;
      for (int x = x0; x < x1; x++, at += step) {
        for (int v = 0; v < values.length; v++) {
          to.put(at + v, (byte) values[v]);
        }
      }
    }
  }
}
