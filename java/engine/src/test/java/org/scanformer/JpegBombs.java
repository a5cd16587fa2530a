package org.scanformer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Small JPEG files for which a decoder needs as much memory as the default limits allow, or more.
 */
final class JpegBombs {
  /** 9.3 bytes a pixel are counted, three for the picture and the rest for its coefficients. */
  private static final int SIDE = 6_570;

  /** A multiple of 16. */
  private static final int TILE_SIDE = 6_576;

  private static final int CMYK_SIDE = 6_340;
  private static final int LARGE_SIDE = 9_990;

  private JpegBombs() {}

  /** All of them, by what they are made of. */
  static Map<String, byte[]> all() throws IOException {
    byte[] progressive = Files.readAllBytes(ImageFiles.resource("progressive.jpg"));
    byte[] cmyk = Files.readAllBytes(ImageFiles.resource("cmyk.jpg"));
    byte[] baseline = ImageFiles.encode(ImageFiles.blocks(), "jpg");
    byte[] scan = ImageBombs.resized(withoutSubsampling(firstScan(progressive)), SIDE, SIDE);
    return Map.of(
        "one-scan", scan,
        "in-strip", tiff(7, scan, 273, 279, new int[] {278, SIDE}),
        "in-tile", tiff(7, scan, 324, 325, new int[] {322, TILE_SIDE}, new int[] {323, TILE_SIDE}),
        "in-old-tiff", tiff(6, scan, 513, 514, new int[] {273, 8}, new int[] {279, scan.length}),
        "lossless", lossless(ImageBombs.resized(baseline, LARGE_SIDE, LARGE_SIDE)),
        "progressive", ImageBombs.resized(withoutSubsampling(progressive), SIDE, SIDE),
        "cmyk", ImageBombs.resized(cmyk, CMYK_SIDE, CMYK_SIDE),
        "one-component-scan",
            ImageBombs.resized(
                withoutSubsampling(scanOfOneComponent(baseline)), LARGE_SIDE, LARGE_SIDE));
  }

  /**
   * A TIFF of a picture of red, green and blue.
   *
   * @param offset the tag that says where the JPEG stream is
   * @param length the tag that says how long it is
   * @param others more tags, each with its value
   */
  private static byte[] tiff(
      int compression, byte[] jpeg, int offset, int length, int[]... others) {
    SortedMap<Integer, Integer> entries = new TreeMap<>();
    entries.putAll(Map.of(256, SIDE, 257, SIDE, 259, compression, 262, 2, 277, 3));
    int bits = 8 + jpeg.length + jpeg.length % 2;
    entries.putAll(Map.of(258, bits, offset, 8, length, jpeg.length));
    for (int[] other : others) {
      entries.put(other[0], other[1]);
    }
    int directory = bits + 3 * Short.BYTES;
    ByteBuffer file = ByteBuffer.allocate(directory + 2 + entries.size() * 12 + 4);
    file.order(ByteOrder.LITTLE_ENDIAN).put("II*\0".getBytes(ISO_8859_1)).putInt(directory);
    file.put(jpeg).position(bits).putShort((short) 8).putShort((short) 8).putShort((short) 8);
    file.putShort((short) entries.size());
    entries.forEach(
        (tag, value) -> {
          boolean ofBits = tag == 258;
          file.putShort(tag.shortValue()).putShort((short) (ofBits ? 3 : 4));
          file.putInt(ofBits ? 3 : 1).putInt(value);
        });
    return file.array();
  }

  /** A frame of its own kind, whatever its coded data are. */
  private static byte[] lossless(byte[] jpeg) {
    byte[] changed = jpeg.clone();
    changed[find(jpeg, 0xc0, 0xc2) + 1] = (byte) 0xc3;
    return changed;
  }

  /** Up to the second scan, or to the tables before it. */
  private static byte[] firstScan(byte[] jpeg) {
    int scan = find(jpeg, 0xda, 0xda);
    for (int i = scan + 2; i + 1 < jpeg.length; i++) {
      if (jpeg[i] == -1 && jpeg[i + 1] != 0) {
        byte[] first = Arrays.copyOf(jpeg, i + 2);
        first[i + 1] = (byte) 0xd9;
        return first;
      }
    }
    throw new IllegalArgumentException("no end of the scan");
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
