package org.scanformer.datasets;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.internal.model.FileKind;

/** Reads a dataset's files, which may be compressed by gzip. */
final class DataFile {
  private static final long MAX_BYTES = 1 << 30;

  private DataFile() {}

  /**
   * The contents, decompressed.
   *
   * @throws ScanFormerException BAD_INPUT when the file is missing or too large, or is one of
   *     another kind that is known
   */
  static byte[] read(Path file) {
    byte[] bytes = readAnyKind(file);
    String kind = FileKind.describe(Arrays.copyOf(bytes, Math.min(bytes.length, 512)));
    if (kind != null) {
      throw error(file, "found " + kind);
    }
    return bytes;
  }

  /**
   * The same in UTF-8 and without a byte order mark; the file may also be UTF-16 with one.
   *
   * @throws ScanFormerException as {@link #read}
   */
  static byte[] readText(Path file) {
    byte[] bytes = read(file);
    int mark = bytes.length < 2 ? 0 : (bytes[0] & 255) << 8 | bytes[1] & 255;
    if (mark == 0xfeff || mark == 0xfffe) {
      return new String(bytes, StandardCharsets.UTF_16).getBytes(StandardCharsets.UTF_8);
    }
    boolean marked = mark == 0xefbb && bytes.length > 2 && (bytes[2] & 255) == 0xbf;
    return marked ? Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }

  /** The contents, decompressed, of whatever kind, with the other errors of {@link #read}. */
  static byte[] readAnyKind(Path file) {
    if (!Files.isRegularFile(file)) {
      throw error(file, "no such file");
    }
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw error(file, size + " bytes found, expected at most " + MAX_BYTES);
      }
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > 2 && (bytes[0] & 255) == 0x1f && (bytes[1] & 255) == 0x8b) {
        bytes = decompress(file, bytes);
      }
      return bytes;
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, file + ": could not be read: " + SystemMessages.reason(e), e);
    }
  }

  /**
   * Runs what reads a dataset.
   *
   * @param dataset for the message
   * @throws ScanFormerException OUT_OF_MEMORY when the heap is too small for it
   */
  static <T> T withinMemory(Path dataset, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (OutOfMemoryError e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          dataset
              + ": the JVM has not enough memory to read it ("
              + e.getMessage()
              + "): -Xmx sets its heap",
          e);
    }
  }

  private static byte[] decompress(Path file, byte[] bytes) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      byte[] all = in.readNBytes((int) MAX_BYTES);
      if (in.read() >= 0) {
        throw error(file, "more than " + MAX_BYTES + " bytes found when decompressed");
      }
      return all;
    }
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, file + ": " + message);
  }
}
