package org.scanformer.datasets;

import java.nio.ByteBuffer;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/**
 * The pixels of an image as 0xRRGGBB. Immutable.
 *
 * @param image of a packed format
 */
record RgbPixels(Image image) {
  /** The pixel at a place; beyond an edge, the one at the edge. */
  int at(int x, int y) {
    PixelFormat format = image.format();
    int column = Math.max(0, Math.min(image.width() - 1, x));
    int row = Math.max(0, Math.min(image.height() - 1, y));
    int place = row * image.rowStride() + column * format.bytesPerPixel();
    ByteBuffer pixels = image.pixels();
    int first = pixels.get(place) & 255;
    if (format == PixelFormat.GRAY) {
      return first << 16 | first << 8 | first;
    }
    int middle = pixels.get(place + 1) & 255;
    int last = pixels.get(place + 2) & 255;
    boolean blueFirst = format == PixelFormat.BGR || format == PixelFormat.BGRA;
    return blueFirst ? last << 16 | middle << 8 | first : first << 16 | middle << 8 | last;
  }
}
