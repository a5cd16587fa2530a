package org.scanformer.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads the lines of a batch file one by one: UTF-8, or what a byte order mark tells. Not safe for
 * use by several threads.
 */
final class BatchLines implements AutoCloseable {
  private static final int MAX_LINE_BYTES = 1 << 20;

  private final InputStream in;
  private final Charset charset;
  private final int unit;
  private boolean end;

  /** Takes a stream and closes it in the end. */
  BatchLines(InputStream stream) throws IOException {
    in = new BufferedInputStream(stream, 1 << 16);
    in.mark(3);
    byte[] mark = in.readNBytes(3);
    in.reset();
    int first = mark.length > 1 ? (mark[0] & 255) << 8 | mark[1] & 255 : 0;
    if (first == 0xfffe || first == 0xfeff) {
      charset = first == 0xfffe ? StandardCharsets.UTF_16LE : StandardCharsets.UTF_16BE;
      unit = 2;
      in.skipNBytes(2);
    } else {
      charset = StandardCharsets.UTF_8;
      unit = 1;
      if (mark.length == 3 && first == 0xefbb && (mark[2] & 255) == 0xbf) {
        in.skipNBytes(3);
      }
    }
  }

  /**
   * Reads a line without its end.
   *
   * @return the line, or null after the last
   * @throws ScanFormerException BAD_INPUT when it is too long or not in the encoding; the next line
   *     can be read
   */
  String next() throws IOException {
    if (end) {
      return null;
    }
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean any = false;
    while (true) {
      byte[] bytes = in.readNBytes(unit);
      if (bytes.length == 0) {
        end = true;
        break;
      }
      any = true;
      if (isLineFeed(bytes)) {
        break;
      }
      if (line.size() <= MAX_LINE_BYTES) {
        line.write(bytes);
      }
    }
    if (line.size() > MAX_LINE_BYTES) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "more than " + MAX_LINE_BYTES + " bytes found");
    }
    if (!any) {
      return null;
    }
    try {
      String text = charset.newDecoder().decode(ByteBuffer.wrap(line.toByteArray())).toString();
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    } catch (CharacterCodingException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "not " + charset.name() + "; save the file as UTF-8", e);
    }
  }

  private boolean isLineFeed(byte[] bytes) {
    if (unit == 1) {
      return bytes[0] == '\n';
    }
    return bytes.length == 2
        && bytes[charset == StandardCharsets.UTF_16LE ? 0 : 1] == '\n'
        && bytes[charset == StandardCharsets.UTF_16LE ? 1 : 0] == 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
