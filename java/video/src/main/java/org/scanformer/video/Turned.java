package org.scanformer.video;

import java.nio.ByteBuffer;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/**
 * Images turned by quarters into memory that is used again. A sample of chroma stays with its
 * pixels; where a side is odd, it may be off by one of them. Not safe for use by several threads.
 */
final class Turned {
  private ByteBuffer[] planes = new ByteBuffer[0];

  /**
   * A turned copy, valid until the next call.
   *
   * @param image in host memory, of any format but YUYV and UYVY
   * @param degrees clockwise: 90, 180 or 270
   * @throws org.scanformer.ScanFormerException OUT_OF_MEMORY when there is no memory for it
   */
  Image of(Image image, int degrees) {
    PixelFormat format = image.format();
    int count = format.planes();
    if (planes.length != count) {
      planes = new ByteBuffer[count];
    }
    boolean swap = degrees != 180;
    int[] strides = new int[count];
    for (int p = 0; p < count; p++) {
      int columns = p == 0 ? image.width() : (image.width() + 1) / 2;
      int rows = p == 0 ? image.height() : (image.height() + 1) / 2;
      int bytes = sampleBytes(format, p);
      strides[p] = bytes * (swap ? rows : columns);
      int size = bytes * rows * columns;
      if (planes[p] == null || planes[p].capacity() != size) {
        planes[p] = DirectMemory.allocate(size, image.width(), image.height());
      }
      turn(image.plane(p), image.stride(p), columns, rows, bytes, degrees, planes[p]);
    }
    int width = swap ? image.height() : image.width();
    int height = swap ? image.width() : image.height();
    return format.isYuv()
        ? Image.yuv(planes, strides, format, width, height, image.color())
        : Image.of(planes[0], format, width, height, strides[0]);
  }

  private static int sampleBytes(PixelFormat format, int plane) {
    if (plane == 0) {
      return format.bytesPerPixel();
    }
    return switch (format) {
      case I420 -> 1;
      case P010 -> 4;
      default -> 2;
    };
  }

  private static void turn(
      ByteBuffer from, int stride, int columns, int rows, int bytes, int degrees, ByteBuffer to) {
    // Where the first sample goes, and how far the next one right of it and below it are.
    int start = 0;
    int right = 0;
    int down = 0;
    switch (degrees) {
      case 90 -> {
        start = rows - 1;
        right = rows;
        down = -1;
      }
      case 180 -> {
        start = rows * columns - 1;
        right = -1;
        down = -columns;
      }
      case 270 -> {
        start = (columns - 1) * rows;
        right = -rows;
        down = 1;
      }
      default -> throw new IllegalArgumentException("a turn by " + degrees + " degrees");
    }
    for (int y = 0; y < rows; y++) {
      int source = y * stride;
      int target = start + y * down;
      for (int x = 0; x < columns; x++) {
        for (int b = 0; b < bytes; b++) {
          to.put(target * bytes + b, from.get(source + b));
        }
        source += bytes;
        target += right;
      }
    }
  }
}
