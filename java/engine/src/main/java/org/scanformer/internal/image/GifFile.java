package org.scanformer.internal.image;

import java.io.IOException;
import org.scanformer.ImageLimits;

/**
 * Reduces a GIF file to its first picture, with the palettes and the transparent colour that hold
 * for it.
 */
final class GifFile {
  private static final int HEADER = 13;
  private static final int EXTENSION = 0x21;
  private static final int PICTURE = 0x2c;
  private static final int TRAILER = 0x3b;
  private static final int GRAPHIC_CONTROL = 0xf9;
  private static final int MAX_BLOCK = 255;

  private GifFile() {}

  static FirstPicture firstPicture(EncodedBytes file, ImageLimits limits) throws IOException {
    long at = HEADER + paletteBytes(file.u8(10));
    long control = -1;
    int extensions = 0;
    while (file.u8(at) != PICTURE) {
      int block = file.u8(at);
      if (block == EXTENSION) {
        LimitExceeded.check(++extensions, "extensions or more", limits.parts(), "parts");
        if (file.u8(at + 1) == GRAPHIC_CONTROL && file.u8(at + 2) == 4) {
          control = at;
        }
        at = afterBlocks(file, at + 2);
      } else if (block == TRAILER) {
        throw new IOException("no picture");
      } else {
        at++; // Some writers leave bytes between blocks.
      }
    }
    return picture(file, at, control, limits);
  }

  private static int paletteBytes(int flags) {
    return (flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7));
  }

  /** Where the sub-blocks end that begin there, each with its length. */
  private static long afterBlocks(EncodedBytes file, long from) throws IOException {
    long at = from;
    while (file.u8(at) != 0) {
      at += 1 + file.u8(at);
    }
    return at + 1;
  }

  private static FirstPicture picture(EncodedBytes file, long at, long control, ImageLimits limits)
      throws IOException {
    int x = file.u16le(at + 1);
    int y = file.u16le(at + 3);
    int width = file.u16le(at + 5);
    int height = file.u16le(at + 7);
    FirstPicture.checkSize(width, height, limits);
    // Some writers leave the size of the screen out; viewers then take the picture's.
    int canvasWidth = Math.max(file.u16le(6), x + width);
    int canvasHeight = Math.max(file.u16le(8), y + height);
    FirstPicture.checkSize(canvasWidth, canvasHeight, limits);
    boolean fills = canvasWidth == width && canvasHeight == height;
    // Palette indices, their colours, and those on the canvas.
    FirstPicture.checkMemory(
        5.0 * width * height + (fills ? 0 : 4.0 * canvasWidth * canvasHeight),
        4.0 * canvasWidth * canvasHeight,
        ExifOrientation.UPRIGHT,
        file.length(),
        limits);
    EncodedWriter out = new EncodedWriter(file.length());
    out.text("GIF89a").u16le(width).u16le(height);
    file.copyTo(out, 10, 3L + paletteBytes(file.u8(10)));
    if (control >= 0) {
      file.copyTo(out, control, 7);
      out.u8(0);
    }
    out.u8(PICTURE).u16le(0).u16le(0);
    int flags = file.u8(at + 9);
    file.copyTo(out, at + 5, 5L + paletteBytes(flags));
    long data = at + 10 + paletteBytes(flags);
    out.u8(file.u8(data));
    copyBlocks(file, data + 1, out);
    out.u8(TRAILER);
    return new FirstPicture(
        "GIF",
        out.toArray(),
        width,
        height,
        new FirstPicture.Canvas(x, y, canvasWidth, canvasHeight),
        ExifOrientation.UPRIGHT,
        false);
  }

  /** Copies sub-blocks, however short, as blocks of the greatest length. */
  private static void copyBlocks(EncodedBytes file, long from, EncodedWriter out)
      throws IOException {
    EncodedWriter data = new EncodedWriter(file.length());
    long at = from;
    while (file.u8(at) != 0) {
      file.copyTo(data, at + 1, file.u8(at));
      at += 1 + file.u8(at);
    }
    byte[] bytes = data.toArray();
    for (int i = 0; i < bytes.length; i += MAX_BLOCK) {
      int length = Math.min(MAX_BLOCK, bytes.length - i);
      out.u8(length).put(bytes, i, length);
    }
    out.u8(0);
  }
}
