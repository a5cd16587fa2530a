package org.scanformer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Image files of at most 5 MB that are made to cost as much as possible. */
final class ImageBombs {
  private static final int BYTES = 5_000_000;

  private ImageBombs() {}

  /** All of them, by what they are made of. */
  static Map<String, byte[]> all() {
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    jpegs(bombs);
    gifs(bombs);
    pngs(bombs);
    tiffs(bombs);
    webps(bombs);
    bombs.put("bmp-rle", bmp(8_900, 8_900, 8, 1, new byte[] {0, 1}));
    bombs.put("bmp-rle-runs", bmp(8_900, 8_900, 8, 1, pattern(BYTES - 2000, "ff07")));
    bombs.put("bmp-rle-moves", bmp(8_900, 8_900, 8, 1, pattern(BYTES - 2000, "00020001")));
    bombs.put("bmp-truncated", bmp(10_000, 10_000, 24, 0, new byte[100]));
    return bombs;
  }

  // ---- JPEG

  private static void jpegs(Map<String, byte[]> bombs) {
    bombs.put("jpeg-scans", progressive(3000, 0, 0));
    bombs.put("jpeg-scans-within-limit", progressive(90, 0, 0));
    bombs.put("jpeg-scans-large", progressive(90, 6_500, 6_500));
    bombs.put("jpeg-large-progressive", progressive(0, 10_000, 10_000));
    byte[] small = read("progressive.jpg");
    bombs.put("jpeg-comments", insert(small, 2, pattern(BYTES - small.length, "fffe0002")));
    bombs.put("jpeg-fill-bytes", insert(small, 2, pattern(BYTES - small.length, "ff")));
    bombs.put("jpeg-zeros-before-end", insert(small, small.length - 2, new byte[4_900_000]));
    bombs.put("jpeg-zeros-after-end", insert(small, small.length, new byte[4_900_000]));
    byte[] baseline = ImageFiles.encode(ImageFiles.blocks(), "jpg");
    bombs.put("jpeg-large", resized(baseline, 10_000, 10_000));
    byte[] restarts = pattern(4_900_000, "ffd0ffd1ffd2ffd3ffd4ffd5ffd6ffd7");
    bombs.put(
        "jpeg-restarts", insert(resized(baseline, 10_000, 10_000), baseline.length - 2, restarts));
    byte[] zeros = new byte[4_900_000];
    bombs.put("jpeg-blocks", largeBaseline());
    byte[] cmyk = read("cmyk.jpg");
    bombs.put("jpeg-cmyk", insert(resized(cmyk, 6000, 6000), cmyk.length - 2, zeros));
    bombs.put("jpeg-profiles", insert(small, 2, profiles(70)));
  }

  /** A file whose only scan has data for much of its picture. */
  static byte[] largeBaseline() {
    byte[] baseline = ImageFiles.encode(ImageFiles.blocks(), "jpg");
    return insert(resized(baseline, 9000, 9000), baseline.length - 2, new byte[4_900_000]);
  }

  /** A progressive file whose last scan is repeated, of a size of its own unless that is 0. */
  static byte[] progressive(int repetitions, int width, int height) {
    byte[] file = read("progressive.jpg");
    int scan = 0;
    for (int i = 0; i + 1 < file.length; i++) {
      if (file[i] == -1 && file[i + 1] == (byte) 0xda) {
        scan = i;
      }
    }
    byte[] last = Arrays.copyOfRange(file, scan, file.length - 2);
    ByteArrayOutputStream repeated = new ByteArrayOutputStream();
    for (int i = 0; i < repetitions; i++) {
      repeated.writeBytes(last);
    }
    byte[] whole = insert(file, file.length - 2, repeated.toByteArray());
    return width == 0 ? whole : resized(whole, width, height);
  }

  private static byte[] profiles(int count) {
    ByteBuffer segments = ByteBuffer.allocate(count * 65_537);
    for (int i = 0; i < count; i++) {
      segments.putShort((short) 0xffe2).putShort((short) 0xffff);
      segments.put("ICC_PROFILE\0".getBytes(ISO_8859_1)).put((byte) (i + 1)).put((byte) count);
      segments.position((i + 1) * 65_537);
    }
    return segments.array();
  }

  /** A JPEG file with another size in its frame header. */
  static byte[] resized(byte[] jpeg, int width, int height) {
    byte[] changed = jpeg.clone();
    for (int i = 0; i + 9 < changed.length; i++) {
      int marker = changed[i + 1] & 0xff;
      if (changed[i] == -1 && (marker == 0xc0 || marker == 0xc2)) {
        ByteBuffer.wrap(changed).putShort(i + 5, (short) height).putShort(i + 7, (short) width);
        return changed;
      }
    }
    throw new IllegalArgumentException("no frame header");
  }

  // ---- GIF

  private static void gifs(Map<String, byte[]> bombs) {
    bombs.put("gif-comments", gif(16, 16, pattern(4_900_000, "21fe014100")));
    bombs.put("gif-comment-of-short-blocks", gif(16, 16, comment("0141", 2_400_000)));
    bombs.put("gif-extensions", gif(16, 16, pattern(3_000_000, "21f900")));
    bombs.put("gif-canvas", gif(65_535, 65_535, new byte[0]));
    bombs.put("gif-canvas-within-limit", gif(10_000, 9_999, new byte[0]));
    bombs.put("gif-large", gifOf(9_000, 8_900, pattern(1_000_000, "ff")));
    bombs.put("gif-clear-codes", gifOf(9_000, 8_800, clearCodes()));
    bombs.put("gif-large-codes", gifOf(9_000, 8_900, pattern(4_000_000, "8001020304050607")));
  }

  private static byte[] comment(String block, int count) {
    byte[] blocks = pattern(2 * count, block);
    return insert(insert(blocks, 0, bytes("21fe")), blocks.length + 2, new byte[1]);
  }

  /** A GIF of one pixel on a canvas, after some blocks. */
  static byte[] gif(int width, int height, byte[] blocks) {
    ByteArrayOutputStream out = gifHeader(width, height);
    out.writeBytes(blocks);
    out.writeBytes(bytes("2c00000000010001000002024401003b"));
    return out.toByteArray();
  }

  /** Codes of 9 bits: "clear" and a colour in turn, so that each pixel takes 18 bits. */
  private static byte[] clearCodes() {
    return pattern(4_860_000, "0003000c003000c000");
  }

  private static ByteArrayOutputStream gifHeader(int width, int height) {
    ByteBuffer header = ByteBuffer.allocate(19).order(ByteOrder.LITTLE_ENDIAN);
    header.put("GIF89a".getBytes(ISO_8859_1)).putShort((short) width).putShort((short) height);
    header.put(bytes("800000ff0000ffffff"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header.array());
    return out;
  }

  private static byte[] gifOf(int width, int height, byte[] data) {
    ByteArrayOutputStream out = gifHeader(width, height);
    ByteBuffer picture = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN);
    picture.put((byte) 0x2c).putInt(0).putShort((short) width).putShort((short) height);
    out.writeBytes(picture.put((byte) 0).put((byte) 8).array());
    for (int i = 0; i < data.length; i += 255) {
      int length = Math.min(255, data.length - i);
      out.write(length);
      out.write(data, i, length);
    }
    out.writeBytes(bytes("003b"));
    return out.toByteArray();
  }

  // ---- PNG

  private static void pngs(Map<String, byte[]> bombs) {
    bombs.put("png-rgb", png(10_000, 10_000, 8, 2, 0, new byte[0]));
    bombs.put("png-rgba", png(10_000, 10_000, 8, 6, 0, new byte[0]));
    bombs.put("png-rgba-within-limit", png(7_500, 7_500, 8, 6, 0, new byte[0]));
    bombs.put("png-turned", png(8_100, 8_100, 8, 2, 0, turned()));
    bombs.put("png-paeth", png(10_000, 10_000, 8, 2, 4, new byte[0]));
    bombs.put("png-rgb16", png(6_600, 6_600, 16, 2, 0, new byte[0]));
    bombs.put("png-gray-alpha16", png(8_100, 8_100, 16, 4, 0, new byte[0]));
    bombs.put("png-bits", png(10_000, 8_500, 1, 0, 0, new byte[0]));
    bombs.put("png-long", png(100_000_000, 1, 8, 0, 0, new byte[0]));
    bombs.put("png-narrow", png(1, 99_000, 8, 0, 0, new byte[0]));
    bombs.put("png-empty-chunks", png(16, 16, 8, 0, 0, repeat(chunk("IDAT", new byte[0]), 90_000)));
    bombs.put("png-texts", png(16, 16, 8, 0, 0, repeat(chunk("tEXt", new byte[1]), 350_000)));
    byte[] text = insert(deflated(400_000_000, 0), 0, new byte[] {'a', 0, 0});
    bombs.put("png-compressed-text", png(16, 16, 8, 0, 0, chunk("zTXt", text)));
    byte[] profile = insert(deflated(400_000_000, 0), 0, new byte[] {'a', 0, 0});
    bombs.put("png-profile", png(16, 16, 8, 0, 0, chunk("iCCP", profile)));
  }

  /** A PNG of samples 0 by one filter, with chunks before its data. */
  static byte[] png(int width, int height, int depth, int type, int filter, byte[] chunks) {
    int channels = type == 2 ? 3 : type == 4 ? 2 : type == 6 ? 4 : 1;
    long row = ((long) width * channels * depth + 7) / 8 + 1;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes("89504e470d0a1a0a"));
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    out.writeBytes(chunk("IHDR", header.put((byte) depth).put((byte) type).array()));
    out.writeBytes(chunks);
    out.writeBytes(chunk("IDAT", deflated(row * height, filter == 0 ? 0 : row)));
    out.writeBytes(chunk("IEND", new byte[0]));
    return out.toByteArray();
  }

  /** A chunk of EXIF that says that the picture is to be turned by 90 degrees. */
  private static byte[] turned() {
    return chunk("eXIf", bytes("4d4d002a000000080001011200030000000100060000" + "00000000"));
  }

  /** Zeros, compressed; every so many bytes there is a 4 if a period is given. */
  static byte[] deflated(long count, long period) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Deflater deflater = new Deflater(1);
    try (DeflaterOutputStream deflate = new DeflaterOutputStream(out, deflater, 1 << 16)) {
      byte[] piece = new byte[period == 0 ? 1 << 16 : (int) period];
      piece[0] = (byte) (period == 0 ? 0 : 4);
      for (long left = count; left > 0; left -= piece.length) {
        deflate.write(piece, 0, (int) Math.min(left, piece.length));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return out.toByteArray();
  }

  /** A chunk of a PNG. */
  static byte[] chunk(String name, byte[] contents) {
    ByteBuffer chunk = ByteBuffer.allocate(contents.length + 12);
    chunk.putInt(contents.length).put(name.getBytes(ISO_8859_1)).put(contents);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, contents.length + 4);
    return chunk.putInt((int) crc.getValue()).array();
  }

  // ---- TIFF

  private static void tiffs(Map<String, byte[]> bombs) {
    bombs.put("tiff-pages", tiffOfPages(200_000));
    bombs.put("tiff-deflate", tiff(10_000, 10_000, 10_000, 8, deflated(100_000_000, 0)));
    bombs.put("tiff-lzw", tiff(10_000, 8_000, 8_000, 5, pattern(4_000_000, "80010203")));
    bombs.put("tiff-strips", tiff(30_000, 3_000, 1, 8, deflated(30_000, 0)));
    bombs.put("tiff-overlapping", tiff(1_000, 90_000, 1, 8, deflated(900_000_000, 0)));
    bombs.put("tiff-packbits", tiff(10_000, 9_900, 9_900, 32773, pattern(1_600_000, "8100")));
  }

  private static byte[] tiffOfPages(int pages) {
    byte[] one = tiff(16, 16, 16, 1, new byte[256]);
    int next = one.length;
    ByteBuffer file = ByteBuffer.allocate(next + 18 * pages).order(ByteOrder.LITTLE_ENDIAN);
    file.put(one).putInt(next - 4, next);
    for (int i = 0; i < pages; i++) {
      file.putShort((short) 1).putShort((short) 256).putShort((short) 3).putInt(1).putInt(16);
      file.putInt(i + 1 < pages ? next + 18 * (i + 1) : 0);
    }
    return file.array();
  }

  /** A gray TIFF whose strips all have the same data; its directory is at the end. */
  static byte[] tiff(int width, int height, int rowsPerStrip, int compression, byte[] data) {
    int strips = (height + rowsPerStrip - 1) / rowsPerStrip;
    int tables = 8 + data.length + data.length % 2;
    int directory = tables + 8 * strips;
    ByteBuffer file = ByteBuffer.allocate(directory + 2 + 9 * 12 + 4);
    file.order(ByteOrder.LITTLE_ENDIAN);
    file.put("II*\0".getBytes(ISO_8859_1)).putInt(directory).put(data).position(tables);
    for (int i = 0; i < strips; i++) {
      file.putInt(8);
    }
    for (int i = 0; i < strips; i++) {
      file.putInt(data.length);
    }
    file.putShort((short) 9);
    int[][] entries = {
      {256, 1, width},
      {257, 1, height},
      {258, 1, 8},
      {259, 1, compression},
      {262, 1, 1},
      {273, strips, strips == 1 ? 8 : tables},
      {277, 1, 1},
      {278, 1, rowsPerStrip},
      {279, strips, strips == 1 ? data.length : tables + 4 * strips}
    };
    for (int[] entry : entries) {
      file.putShort((short) entry[0]).putShort((short) 4).putInt(entry[1]).putInt(entry[2]);
    }
    return file.array();
  }

  // ---- WebP and BMP

  private static void webps(Map<String, byte[]> bombs) {
    bombs.put("webp-lossless", riff(lossless(16_000, 6_200)));
    bombs.put("webp-lossless-within-limit", riff(lossless(6_000, 5_000)));
    byte[] lossy = read("lossy.webp");
    ByteBuffer.wrap(lossy).order(ByteOrder.LITTLE_ENDIAN).putInt(26, 6_000 << 16 | 6_000);
    bombs.put("webp-lossy", lossy);
    lossy = lossy.clone();
    ByteBuffer.wrap(lossy).order(ByteOrder.LITTLE_ENDIAN).putInt(26, 4_000 << 16 | 4_000);
    bombs.put("webp-lossy-within-limit", lossy);
    bombs.put("webp-chunks", riff(pattern(4_800_000, "4141414100000000")));
  }

  private static byte[] riff(byte[] chunks) {
    ByteBuffer file = ByteBuffer.allocate(12 + chunks.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(ISO_8859_1)).putInt(4 + chunks.length);
    return file.put("WEBP".getBytes(ISO_8859_1)).put(chunks).array();
  }

  /** Lossless data of one colour: five codes of one symbol each, so that a pixel takes no bit. */
  private static byte[] lossless(int width, int height) {
    ByteBuffer chunk = ByteBuffer.allocate(8 + 14).order(ByteOrder.LITTLE_ENDIAN);
    chunk.put("VP8L".getBytes(ISO_8859_1)).putInt(14).put((byte) 0x2f);
    chunk.putInt(width - 1 | (height - 1) << 14);
    // No transform, no colour cache, no meta codes; then a simple code: 1, 1 symbol, of 1 bit, 0.
    long bits = 0;
    for (int code = 0; code < 5; code++) {
      bits |= 1L << 3 + 4 * code;
    }
    return chunk.putLong(bits).array();
  }

  private static byte[] bmp(int width, int height, int depth, int compression, byte[] data) {
    int palette = depth == 8 ? 1024 : 0;
    ByteBuffer file = ByteBuffer.allocate(54 + palette + data.length);
    file.order(ByteOrder.LITTLE_ENDIAN).put("BM".getBytes(ISO_8859_1)).putInt(file.capacity());
    file.putInt(0).putInt(54 + palette).putInt(40).putInt(width).putInt(height);
    file.putShort((short) 1).putShort((short) depth).putInt(compression).putInt(data.length);
    return file.position(54 + palette).put(data).array();
  }

  // ---- Bytes

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static byte[] pattern(int length, String hex) {
    byte[] pattern = bytes(hex);
    byte[] out = new byte[length / pattern.length * pattern.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = pattern[i % pattern.length];
    }
    return out;
  }

  private static byte[] repeat(byte[] part, int count) {
    byte[] out = new byte[part.length * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(part, 0, out, i * part.length, part.length);
    }
    return out;
  }

  /** A file with bytes put in. */
  static byte[] insert(byte[] file, int at, byte[] added) {
    return ByteBuffer.allocate(file.length + added.length)
        .put(file, 0, at)
        .put(added)
        .put(file, at, file.length - at)
        .array();
  }

  private static byte[] read(String resource) {
    try {
      return Files.readAllBytes(ImageFiles.resource(resource));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
