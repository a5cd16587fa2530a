package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Image files for tests, and what they hold. */
final class ImageFiles {
  /** The colours of the blocks of src/test/resources/images, row by row. */
  static final String STORED = "RG/BY/CM";

  private static final int BLOCK = 16;

  private ImageFiles() {}

  /**
   * Asserts that an image is of coloured blocks.
   *
   * @param blocks their colours, such as {@link #STORED}
   * @param tolerance of each channel
   */
  static void assertBlocks(String blocks, Image image, int tolerance) {
    String[] rows = blocks.split("/");
    assertEquals(rows[0].length() * BLOCK, image.width());
    assertEquals(rows.length * BLOCK, image.height());
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < rows[row].length(); column++) {
        int x = column * BLOCK + BLOCK / 2;
        int y = row * BLOCK + BLOCK / 2;
        assertPixel(image, x, y, tolerance, color(rows[row].charAt(column)));
      }
    }
  }

  private static int[] color(char name) {
    return switch (name) {
      case 'R' -> new int[] {255, 0, 0};
      case 'G' -> new int[] {0, 255, 0};
      case 'B' -> new int[] {0, 0, 255};
      case 'Y' -> new int[] {255, 255, 0};
      case 'C' -> new int[] {0, 255, 255};
      case 'M' -> new int[] {255, 0, 255};
      default -> throw new IllegalArgumentException(String.valueOf(name));
    };
  }

  /** The blocks of the files of src/test/resources/images, drawn. */
  static BufferedImage blocks() {
    BufferedImage image = new BufferedImage(2 * BLOCK, 3 * BLOCK, BufferedImage.TYPE_3BYTE_BGR);
    String[] rows = STORED.split("/");
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int[] color = color(rows[y / BLOCK].charAt(x / BLOCK));
        image.setRGB(x, y, color[0] << 16 | color[1] << 8 | color[2]);
      }
    }
    return image;
  }

  static void assertPixel(Image image, int x, int y, int tolerance, int... rgb) {
    int[] offsets =
        switch (image.format()) {
          case RGB, RGBA -> new int[] {0, 1, 2};
          case BGR, BGRA -> new int[] {2, 1, 0};
          case GRAY -> new int[] {0, 0, 0};
          default -> throw new AssertionError("files are read as packed pixels");
        };
    ByteBuffer pixels = image.pixels();
    int start = y * image.rowStride() + x * image.format().bytesPerPixel();
    for (int c = 0; c < 3; c++) {
      int found = pixels.get(start + offsets[c]) & 0xff;
      String where = "channel " + c + " of (" + x + ", " + y + ")";
      assertEquals(rgb[c], found, tolerance, where);
    }
  }

  /** A file that ImageIO writes. */
  static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      assertTrue(ImageIO.write(image, format, out), format);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static Image decode(byte[] file) {
    return Image.read(new ByteArrayInputStream(file));
  }

  /** A file of src/test/resources/images. */
  static Path resource(String name) {
    try {
      return Path.of(ImageFiles.class.getResource("/images/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
