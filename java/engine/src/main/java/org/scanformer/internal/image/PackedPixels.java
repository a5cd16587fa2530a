package org.scanformer.internal.image;

import java.util.Arrays;
import org.scanformer.PixelFormat;

/**
 * 8-bit pixels in rows without padding, [height, width, bytesPerPixel], in an array that nothing
 * else refers to.
 *
 * @param bytes exactly width * height * bytesPerPixel
 */
public record PackedPixels(byte[] bytes, PixelFormat format, int width, int height) {
  /** The most pixels whose four bytes each fit in a Java array. */
  static final long MAX_PIXELS = Integer.MAX_VALUE / 4;

  /** The picture at its place on a canvas that is white elsewhere. */
  PackedPixels onCanvas(FirstPicture.Canvas canvas) {
    if (canvas.width() == width && canvas.height() == height) {
      return this;
    }
    int size = format.bytesPerPixel();
    byte[] out = new byte[canvas.width() * canvas.height() * size];
    Arrays.fill(out, (byte) 255);
    for (int y = 0; y < height; y++) {
      int to = ((canvas.y() + y) * canvas.width() + canvas.x()) * size;
      System.arraycopy(bytes, y * width * size, out, to, width * size);
    }
    return new PackedPixels(out, format, canvas.width(), canvas.height());
  }

  /**
   * The upright picture for an EXIF orientation: 1 as stored, 2 mirrored, 3 turned by 180 degrees,
   * 4 upside down, 5 transposed, 6 to be turned by 90 degrees clockwise, 7 transposed along the
   * other diagonal, 8 to be turned by 90 degrees counter-clockwise. Any other value is treated as
   * 1.
   */
  PackedPixels upright(int orientation, TimeBudget budget) {
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
      budget.checkRow(y, width);
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
