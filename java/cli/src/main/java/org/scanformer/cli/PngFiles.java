package org.scanformer.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/** Turns images into PNG files. Thread-safe: no state. */
final class PngFiles {
  private PngFiles() {}

  /** A copy of packed pixels for Java2D. */
  static BufferedImage toBufferedImage(Image image) {
    BufferedImage result =
        new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    ByteBuffer pixels = image.pixels();
    PixelFormat format = image.format();
    int step = format.bytesPerPixel();
    int red = format == PixelFormat.BGR || format == PixelFormat.BGRA ? 2 : 0;
    int green = format == PixelFormat.GRAY ? 0 : 1;
    int blue = format == PixelFormat.GRAY ? 0 : 2 - red;
    int[] row = new int[image.width()];
    for (int y = 0; y < image.height(); y++) {
      int start = y * image.rowStride();
      for (int x = 0; x < row.length; x++) {
        int at = start + x * step;
        row[x] =
            (pixels.get(at + red) & 255) << 16
                | (pixels.get(at + green) & 255) << 8
                | pixels.get(at + blue) & 255;
      }
      result.setRGB(0, y, row.length, 1, row, 0, row.length);
    }
    return result;
  }

  /** Writes a PNG file and creates its directory. */
  static void write(BufferedImage picture, Path file) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    // In memory: otherwise pixels go through a file in the directory for temporary files.
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
      ImageIO.write(picture, "png", out);
    } catch (IOException e) {
      throw new CliException("The picture " + file + " could not be encoded: " + e.getMessage());
    }
    OutputFile.write(file, png.toByteArray());
  }
}
