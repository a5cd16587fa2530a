package org.scanformer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** PNG files of zeros, in the layouts that decoders take longest for. */
final class PngBombs {
  private static final int GRAY = 0;
  static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GRAY_ALPHA = 4;
  private static final int RGBA = 6;

  /** First column and row of each pass of an interlaced picture, and its steps. */
  private static final int[][] PASSES = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private PngBombs() {}

  /** Those that are read in every run, by what they are made of. */
  static Map<String, byte[]> most() {
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    bombs.put("interlaced-16", interlaced(6_600, 6_600, 16, RGB));
    return bombs;
  }

  /** All of them. */
  static Map<String, byte[]> all() {
    Map<String, byte[]> bombs = most();
    bombs.put("interlaced-bits", interlaced(9_200, 9_200, 1, GRAY));
    bombs.put("interlaced-rgb", interlaced(9_900, 9_900, 8, RGB));
    bombs.put("interlaced-rgba", interlaced(7_000, 7_000, 8, RGBA));
    bombs.put("transparent-rgb16", transparent(6_000, 16, RGB));
    bombs.put("transparent-gray", transparent(9_900, 8, GRAY));
    bombs.put("transparent-rgb", transparent(7_500, 8, RGB));
    bombs.put("palette-4", ImageBombs.png(9_200, 9_200, 4, PALETTE, 0, palette(16)));
    bombs.put("paeth-gray-alpha", ImageBombs.png(9_000, 9_000, 8, GRAY_ALPHA, 4, new byte[0]));
    bombs.put("paeth-rgba", ImageBombs.png(7_000, 7_000, 8, RGBA, 4, new byte[0]));
    return bombs;
  }

  private static byte[] palette(int colors) {
    return ImageBombs.chunk("PLTE", new byte[3 * colors]);
  }

  /** One colour of a picture without alpha is transparent. */
  static byte[] transparent(int side, int depth, int type) {
    byte[] color = new byte[type == GRAY ? 2 : 6];
    return ImageBombs.png(side, side, depth, type, 0, ImageBombs.chunk("tRNS", color));
  }

  private static byte[] interlaced(int width, int height, int depth, int type) {
    int bits = depth * (type == RGB ? 3 : type == RGBA ? 4 : 1);
    long bytes = 0;
    for (int[] pass : PASSES) {
      long columns = (width - pass[0] + pass[2] - 1) / pass[2];
      long rows = (height - pass[1] + pass[3] - 1) / pass[3];
      bytes += rows * (1 + (columns * bits + 7) / 8);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("\u0089PNG\r\n\u001a\n".getBytes(ISO_8859_1));
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) depth).put((byte) type).put(12, (byte) 1);
    out.writeBytes(ImageBombs.chunk("IHDR", header.array()));
    out.writeBytes(ImageBombs.chunk("IDAT", ImageBombs.deflated(bytes, 0)));
    out.writeBytes(ImageBombs.chunk("IEND", new byte[0]));
    return out.toByteArray();
  }
}
