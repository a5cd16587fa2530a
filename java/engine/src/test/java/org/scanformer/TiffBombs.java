package org.scanformer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** TIFF files of zeros, in the layouts that decoders take longest for. */
final class TiffBombs {
  private static final int DEFLATE = 8;
  private static final int GRAY = 1;
  private static final int RGB = 2;
  private static final int CMYK = 5;
  private static final int LAB = 8;
  private static final int LONG = 4;

  private final SortedMap<Integer, int[]> tags = new TreeMap<>();

  private TiffBombs(int width, int height, int bits, int photometric, int samples) {
    set(256, width).set(257, height).set(259, DEFLATE).set(262, photometric).set(277, samples);
    int[] all = new int[samples];
    Arrays.fill(all, bits);
    set(258, all).set(278, height);
  }

  /** Gray, of so many rows of 50 pixels, each a strip. */
  static byte[] strips(int rows) {
    return new TiffBombs(50, rows, 8, GRAY, 1).set(278, 1).file(parts(rows, 50), 273, 279);
  }

  /** Those that are read in every run, by what they are made of. */
  static Map<String, byte[]> most() {
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    bombs.put("many-strips", strips(40_000));
    return bombs;
  }

  /** All of them. */
  static Map<String, byte[]> all() {
    Map<String, byte[]> bombs = most();
    bombs.put("half-floats", floats(6_000, 16, GRAY, 1));
    bombs.put("planes", new TiffBombs(7_000, 7_000, 8, RGB, 3).set(284, 2).planes(49_000_000));
    bombs.put(
        "many-tiles",
        new TiffBombs(5_280, 4_800, 8, GRAY, 1)
            .set(322, 16)
            .set(323, 16)
            .file(parts(99_000, 256), 324, 325));
    bombs.put("floats", floats(6_000, 32, GRAY, 1));
    bombs.put("floats-rgb", floats(3_600, 32, RGB, 3));
    bombs.put("doubles", floats(4_500, 64, GRAY, 1));
    bombs.put("bits-10-rgb", new TiffBombs(4_500, 4_500, 10, RGB, 3).strip(4_500L * 4_500 * 4));
    bombs.put("bits-12", new TiffBombs(8_000, 8_000, 12, GRAY, 1).strip(12_000L * 8_000));
    bombs.put("gray-16", new TiffBombs(9_900, 9_900, 16, GRAY, 1).strip(2L * 9_900 * 9_900));
    bombs.put("gray-32", new TiffBombs(6_000, 6_000, 32, GRAY, 1).strip(4L * 6_000 * 6_000));
    bombs.put(
        "rgba-16", new TiffBombs(5_000, 5_000, 16, RGB, 4).set(338, 2).strip(8L * 5_000 * 5_000));
    bombs.put("rgba", new TiffBombs(7_000, 7_000, 8, RGB, 4).set(338, 1).strip(4L * 7_000 * 7_000));
    bombs.put("cmyk", new TiffBombs(6_000, 6_000, 8, CMYK, 4).strip(4L * 6_000 * 6_000));
    bombs.put("cmyk-16", new TiffBombs(4_500, 4_500, 16, CMYK, 4).strip(8L * 4_500 * 4_500));
    bombs.put("lab-16", new TiffBombs(5_500, 5_500, 16, LAB, 3).strip(6L * 5_500 * 5_500));
    return bombs;
  }

  private static byte[] floats(int side, int bits, int photometric, int samples) {
    int[] formats = new int[samples];
    Arrays.fill(formats, 3);
    return new TiffBombs(side, side, bits, photometric, samples)
        .set(339, formats)
        .strip((long) side * side * samples * bits / 8);
  }

  private static List<byte[]> parts(int count, int bytes) {
    return Collections.nCopies(count, ImageBombs.deflated(bytes, 0));
  }

  private TiffBombs set(int tag, int... values) {
    tags.put(tag, values);
    return this;
  }

  private byte[] strip(long bytes) {
    return file(List.of(ImageBombs.deflated(bytes, 0)), 273, 279);
  }

  private byte[] planes(long bytes) {
    return file(Collections.nCopies(3, ImageBombs.deflated(bytes, 0)), 273, 279);
  }

  /** The parts one after another, the tags' values, and the directory. */
  private byte[] file(List<byte[]> parts, int offsets, int lengths) {
    List<Integer> at = new ArrayList<>();
    int end = 8;
    for (byte[] part : parts) {
      at.add(end);
      end += part.length;
    }
    set(offsets, at.stream().mapToInt(Integer::intValue).toArray());
    set(lengths, parts.stream().mapToInt(part -> part.length).toArray());
    int values = end + end % 2;
    int directory = values + tags.values().stream().mapToInt(each -> 4 * each.length).sum();
    ByteBuffer file = ByteBuffer.allocate(directory + 2 + 12 * tags.size() + 4);
    file.order(ByteOrder.LITTLE_ENDIAN).put("II*\0".getBytes(ISO_8859_1)).putInt(directory);
    parts.forEach(file::put);
    ByteBuffer elsewhere = file.duplicate().order(ByteOrder.LITTLE_ENDIAN).position(values);
    file.position(directory).putShort((short) tags.size());
    for (Map.Entry<Integer, int[]> tag : tags.entrySet()) {
      int[] all = tag.getValue();
      file.putShort(tag.getKey().shortValue()).putShort((short) LONG).putInt(all.length);
      file.putInt(all.length == 1 ? all[0] : elsewhere.position());
      for (int value : all) {
        elsewhere.putInt(value);
      }
    }
    return file.array();
  }
}
