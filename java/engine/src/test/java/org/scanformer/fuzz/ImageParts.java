package org.scanformer.fuzz;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Image files taken apart into segments, chunks and blocks, which can be put together otherwise.
 */
final class ImageParts {
  private ImageParts() {}

  /** The segments of JPEG files; a scan is one with its data. */
  static List<byte[]> jpeg(String... files) {
    List<byte[]> parts = new ArrayList<>();
    for (String file : files) {
      byte[] bytes = read(file);
      int start = 0;
      for (int i = 2; i + 1 < bytes.length; i++) {
        int marker = bytes[i + 1] & 0xff;
        if (bytes[i] == -1
            && marker >= 0xc0
            && marker != 0xff
            && (marker < 0xd0 || marker > 0xd7)) {
          parts.add(Arrays.copyOfRange(bytes, start, i));
          start = i;
          if (marker != 0xd8 && marker != 0xd9) {
            i += 1 + ((bytes[i + 2] & 0xff) << 8 | bytes[i + 3] & 0xff);
          }
        }
      }
      parts.add(Arrays.copyOfRange(bytes, start, bytes.length));
    }
    return parts;
  }

  /** The signature and the chunks of a PNG file. */
  static List<byte[]> png(String file) {
    byte[] bytes = read(file);
    List<byte[]> parts = new ArrayList<>();
    parts.add(Arrays.copyOf(bytes, 8));
    for (int at = 8; at < bytes.length; ) {
      int end = at + 12 + ByteBuffer.wrap(bytes).getInt(at);
      parts.add(Arrays.copyOfRange(bytes, at, end));
      at = end;
    }
    return parts;
  }

  /** The header and the chunks of WebP files, and chunks that only other files have. */
  static List<byte[]> webp(String... files) {
    List<byte[]> parts = new ArrayList<>();
    for (String file : files) {
      byte[] bytes = read(file);
      parts.add(Arrays.copyOf(bytes, 12));
      for (int at = 12; at + 8 <= bytes.length; ) {
        int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(at + 4);
        int end = Math.min(bytes.length, at + 8 + length + length % 2);
        parts.add(Arrays.copyOfRange(bytes, at, end));
        at = end;
      }
    }
    parts.add(chunk("VP8X", 0x12, 0, 0, 0, 40, 0, 0, 50, 0, 0));
    parts.add(chunk("ANIM", 0, 0, 0, 0, 0, 0));
    parts.add(chunk("ALPH", 1, 0, 0, 0, 0, 0));
    byte[] picture = parts.get(1);
    ByteBuffer frame = ByteBuffer.allocate(24 + picture.length).order(ByteOrder.LITTLE_ENDIAN);
    frame.put("ANMF".getBytes(StandardCharsets.US_ASCII)).putInt(16 + picture.length);
    parts.add(frame.put(14, (byte) 31).put(17, (byte) 47).position(24).put(picture).array());
    return parts;
  }

  private static byte[] chunk(String name, int... contents) {
    ByteBuffer chunk = ByteBuffer.allocate(8 + contents.length).order(ByteOrder.LITTLE_ENDIAN);
    chunk.put(name.getBytes(StandardCharsets.US_ASCII)).putInt(contents.length);
    for (int value : contents) {
      chunk.put((byte) value);
    }
    return chunk.array();
  }

  /** A header, extensions and a picture of GIF. */
  static List<byte[]> gif() {
    return List.of(
        bytes("GIF89a", 16, 0, 16, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255),
        bytes("!", 0xf9, 4, 1, 0, 0, 1, 0),
        bytes("!", 0xfe, 2, 65, 66, 1, 67, 0),
        bytes("!", 0xff, 11, 78, 69, 84, 83, 67, 65, 80, 69, 50, 46, 48, 3, 1, 0, 0, 0),
        bytes(",", 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0),
        bytes(",", 3, 0, 4, 0, 1, 0, 1, 0, 0x80, 1, 2, 3, 4, 5, 6, 2, 1, 0x44, 1, 1, 0),
        bytes(";"));
  }

  private static byte[] bytes(String text, int... values) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    for (int value : values) {
      out.write(value);
    }
    return out.toByteArray();
  }

  private static byte[] read(String file) {
    try {
      return Files.readAllBytes(Path.of(ImageParts.class.getResource("/images/" + file).getPath()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
