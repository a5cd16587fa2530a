package org.scanformer.datasets;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads a CSV file as RFC 4180 describes it: fields between commas, in double quotes if they hold
 * commas, quotes (doubled) or line breaks. Lines may end with a line feed alone, and quotes within
 * a field that does not begin with one stand for themselves. Not safe for use by several threads.
 */
final class CsvFile {
  private final String text;
  private int position;
  private int line = 1;

  private CsvFile(String text) {
    this.text = text;
  }

  /**
   * A record.
   *
   * @param line the line where it begins, from 1 on
   * @param fields null if they cannot be told apart
   * @param fault why they cannot; null if they can
   */
  record Row(int line, List<String> fields, String fault) {}

  /**
   * Opens a file.
   *
   * @throws ScanFormerException BAD_INPUT when it is missing or not text in UTF-8 or UTF-16
   */
  static CsvFile open(Path file) {
    byte[] bytes = DataFile.readText(file);
    try {
      return new CsvFile(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, file + ": expected text in UTF-8, found other bytes", e);
    }
  }

  /** The next record, without empty lines; null after the last. */
  Row next() {
    while (position < text.length()) {
      int start = line;
      List<String> fields = new ArrayList<>();
      String fault = null;
      do {
        fault = field(fields);
      } while (fault == null && take(','));
      if (fault != null) {
        skipLine();
        return new Row(start, null, fault);
      }
      endOfLine();
      if (fields.size() > 1 || !fields.get(0).isEmpty()) {
        return new Row(start, fields, null);
      }
    }
    return null;
  }

  /** Reads a field up to a comma or the end of the line; what is wrong with it, or null. */
  private String field(List<String> fields) {
    if (!take('"')) {
      int start = position;
      while (position < text.length() && ",\r\n".indexOf(text.charAt(position)) < 0) {
        position++;
      }
      fields.add(text.substring(start, position));
      return null;
    }
    StringBuilder field = new StringBuilder();
    int opened = line;
    while (position < text.length()) {
      char next = text.charAt(position++);
      if (next == '"' && !take('"')) {
        fields.add(field.toString());
        boolean ends = position == text.length() || ",\r\n".indexOf(text.charAt(position)) >= 0;
        return ends
            ? null
            : "expected a comma after the quoted field \"" + brief(field) + "\", found more text";
      }
      line += next == '\n' ? 1 : 0;
      field.append(next);
    }
    return "expected a closing quote for the one in line " + opened + ", found none";
  }

  /** A text for messages, cut where it is long. */
  static String brief(CharSequence field) {
    return field.length() <= 60 ? field.toString() : field.subSequence(0, 60) + "…";
  }

  private boolean take(char expected) {
    boolean there = position < text.length() && text.charAt(position) == expected;
    position += there ? 1 : 0;
    return there;
  }

  private void skipLine() {
    while (position < text.length() && "\r\n".indexOf(text.charAt(position)) < 0) {
      position++;
    }
    endOfLine();
  }

  private void endOfLine() {
    boolean returned = take('\r');
    line += take('\n') || returned ? 1 : 0;
  }
}
