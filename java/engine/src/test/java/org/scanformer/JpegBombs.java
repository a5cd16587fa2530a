package org.scanformer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;

/**
 * Small JPEG files for which a decoder needs as much memory as the default limits allow, or more.
 */
final class JpegBombs {
  /** 9.3 bytes a pixel are counted, three for the picture and the rest for its coefficients. */
  private static final int SIDE = 6_570;

  private static final int CMYK_SIDE = 6_340;
  private static final int LARGE_SIDE = 9_990;

  private JpegBombs() {}

  /** All of them, by what they are made of. */
  static Map<String, byte[]> all() throws IOException {
    byte[] progressive = Files.readAllBytes(ImageFiles.resource("progressive.jpg"));
    byte[] cmyk = Files.readAllBytes(ImageFiles.resource("cmyk.jpg"));
    byte[] baseline = ImageFiles.encode(ImageFiles.blocks(), "jpg");
    return Map.of(
        "progressive", ImageBombs.resized(withoutSubsampling(progressive), SIDE, SIDE),
        "cmyk", ImageBombs.resized(cmyk, CMYK_SIDE, CMYK_SIDE),
        "one-component-scan",
            ImageBombs.resized(
                withoutSubsampling(scanOfOneComponent(baseline)), LARGE_SIDE, LARGE_SIDE));
  }

  /** With a chroma sample for each pixel. */
  private static byte[] withoutSubsampling(byte[] jpeg) {
    byte[] changed = jpeg.clone();
    int frame = find(jpeg, 0xc0, 0xc2);
    for (int c = 0; c < jpeg[frame + 9]; c++) {
      changed[frame + 11 + 3 * c] = 0x11;
    }
    return changed;
  }

  /** The scan's header names the first component only; the coded data stay. */
  private static byte[] scanOfOneComponent(byte[] jpeg) {
    int scan = find(jpeg, 0xda, 0xda);
    int data = scan + 2 + ByteBuffer.wrap(jpeg).getShort(scan + 2);
    byte[] header = {-1, (byte) 0xda, 0, 8, 1, jpeg[scan + 5], jpeg[scan + 6], 0, 63, 0};
    byte[] end = Arrays.copyOfRange(jpeg, data, jpeg.length);
    return ImageBombs.insert(
        ImageBombs.insert(Arrays.copyOf(jpeg, scan), scan, header), scan + header.length, end);
  }

  /** Where the first segment with one of the markers begins. */
  private static int find(byte[] jpeg, int marker, int other) {
    for (int i = 0; i + 1 < jpeg.length; i++) {
      int found = jpeg[i + 1] & 0xff;
      if (jpeg[i] == -1 && (found == marker || found == other)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no segment with the marker " + marker);
  }
}
