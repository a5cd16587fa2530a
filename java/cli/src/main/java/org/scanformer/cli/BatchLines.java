package org.scanformer.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads the lines of a batch file one by one: UTF-8, or the UTF-16 or UTF-32 that its first bytes
 * tell, with or without a byte order mark. Not safe for use by several threads.
 */
final class BatchLines implements AutoCloseable {
  private static final int MAX_LINE_BYTES = 1 << 20;

  private static final String MARK = "\ufeff";

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private final Charset charset;

  /** Bytes of a line feed, and which of them is not zero. */
  private final int unit;

  private final int significant;
  private int position;
  private int limit;
  private boolean inLongLine;

  /** Takes a stream and closes it in the end. */
  BatchLines(InputStream stream) throws IOException {
    in = stream;
    while (limit < 4 && fill()) {
      // A pipe may give its first bytes one by one.
    }
    byte[] head = Arrays.copyOf(buffer, 4);
    Arrays.fill(head, Math.min(limit, 4), 4, (byte) ' ');
    charset = charset(ByteBuffer.wrap(head).getInt());
    unit = charset == StandardCharsets.UTF_8 ? 1 : charset.name().startsWith("UTF-16") ? 2 : 4;
    significant = charset.name().endsWith("LE") ? 0 : unit - 1;
    if (new String(head, charset).startsWith(MARK)) {
      position = MARK.getBytes(charset).length;
    }
  }

  /** By a byte order mark, or by where the zeros of two first characters of ASCII are. */
  private static Charset charset(int head) {
    int zeros = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
      zeros = 2 * zeros + ((head >> shift & 255) == 0 ? 1 : 0);
    }
    if (head == 0xfffe0000 || zeros == 0b0111) {
      return Charset.forName("UTF-32LE");
    }
    if (head == 0x0000feff || zeros == 0b1110) {
      return Charset.forName("UTF-32BE");
    }
    if (head >>> 16 == 0xfffe || zeros == 0b0101) {
      return StandardCharsets.UTF_16LE;
    }
    return head >>> 16 == 0xfeff || zeros == 0b1010
        ? StandardCharsets.UTF_16BE
        : StandardCharsets.UTF_8;
  }

  /** Reads what is there of the stream, at least a byte; false at its end. */
  private boolean fill() throws IOException {
    System.arraycopy(buffer, position, buffer, 0, limit - position);
    limit -= position;
    position = 0;
    int read = in.read(buffer, limit, buffer.length - limit);
    limit += Math.max(read, 0);
    return read >= 0;
  }

  /**
   * Reads a line without its end.
   *
   * @return the line, or null after the last
   * @throws ScanFormerException BAD_INPUT when it is too long or not in the encoding; the next line
   *     can be read
   */
  String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int units = (limit - position) / unit;
      int end = lineFeed(position + units * unit);
      if (!inLongLine) {
        line.write(buffer, position, end - position);
      }
      boolean found = end < position + units * unit;
      position = end + (found ? unit : 0);
      if (line.size() > MAX_LINE_BYTES) {
        inLongLine = !found;
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "more than " + MAX_LINE_BYTES + " bytes found");
      }
      if (found && !inLongLine) {
        return decode(line);
      }
      inLongLine &= !found;
      if (!found && !fill()) {
        line.write(buffer, position, limit - position); // A part of a character.
        position = limit;
        return line.size() == 0 || inLongLine ? null : decode(line);
      }
    }
  }

  /** The place of the first line feed before an end, or that end. */
  private int lineFeed(int end) {
    for (int i = position; i < end; i += unit) {
      if (buffer[i + significant] == '\n' && isZeroBut(i)) {
        return i;
      }
    }
    return end;
  }

  private boolean isZeroBut(int first) {
    for (int i = 0; i < unit; i++) {
      if (i != significant && buffer[first + i] != 0) {
        return false;
      }
    }
    return true;
  }

  private String decode(ByteArrayOutputStream line) {
    try {
      String text = charset.newDecoder().decode(ByteBuffer.wrap(line.toByteArray())).toString();
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    } catch (CharacterCodingException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "not " + charset.name() + "; save the file as UTF-8", e);
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
