package org.scanformer.video;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Letters of 5 x 9 dots for the printable characters of ASCII, read from a picture of them in the
 * module's resources: rows of 16 letters, which are five dots wide and one apart.
 */
final class BitmapFont {
  static final int WIDTH = 5;
  static final int HEIGHT = 9;

  /** From a letter's left edge to the next one's. */
  static final int ADVANCE = 6;

  private static final char FIRST = ' ';
  private static final char LAST = '~';
  private static final int LETTERS_A_ROW = 16;

  private static final List<String> PICTURE = read();

  private BitmapFont() {}

  private static List<String> read() {
    try (InputStream in = BitmapFont.class.getResourceAsStream("font.txt");
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether a letter has a dot at a row, from the top, and a column, from the left. */
  static boolean isSet(char letter, int row, int column) {
    int index = (letter < FIRST || letter > LAST ? '?' : letter) - FIRST;
    String line = PICTURE.get(index / LETTERS_A_ROW * (HEIGHT + 1) + row);
    int at = index % LETTERS_A_ROW * ADVANCE + column;
    return at < line.length() && line.charAt(at) == '#';
  }
}
