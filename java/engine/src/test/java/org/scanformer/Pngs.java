package org.scanformer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes PNG files of kinds, and with lies, that no library writes. */
final class Pngs {
  private Pngs() {}

  /**
   * A PNG of that header, an optional tRNS chunk and the one row of pixels, unfiltered; the two in
   * hexadecimal.
   */
  static byte[] png(
      int width, int height, int depth, int colorType, String transparent, String row) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("89504e470d0a1a0a"));
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put((byte) depth)
            .put((byte) colorType)
            .array();
    out.writeBytes(chunk("IHDR", header));
    if (!transparent.isEmpty()) {
      out.writeBytes(chunk("tRNS", HexFormat.of().parseHex(transparent)));
    }
    out.writeBytes(chunk("IDAT", deflate(HexFormat.of().parseHex("00" + row))));
    out.writeBytes(chunk("IEND", new byte[0]));
    return out.toByteArray();
  }

  private static byte[] deflate(byte[] data) {
    Deflater deflater = new Deflater();
    deflater.setInput(data);
    deflater.finish();
    byte[] out = new byte[data.length + 64];
    int length = deflater.deflate(out);
    deflater.end();
    return Arrays.copyOf(out, length);
  }

  private static byte[] chunk(String name, byte[] contents) {
    ByteBuffer chunk = ByteBuffer.allocate(contents.length + 12);
    chunk.putInt(contents.length).put(name.getBytes(StandardCharsets.US_ASCII)).put(contents);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, contents.length + 4);
    return chunk.putInt((int) crc.getValue()).array();
  }
}
