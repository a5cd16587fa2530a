package org.scanformer.internal.model;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Properties of code points as Hugging Face's tokenizers library has them. They are read from a
 * resource and not asked of {@link Character}: the JDK's Unicode version changes with the JDK, and
 * the library's tables are of several versions.
 */
final class UnicodeTables {
  private static final String RESOURCE = "unicode-tables.txt";

  // Marks the end of a section in the resource.
  private static final String NONE = "";

  private static final UnicodeTables TABLES = read();

  private final int[] other;
  private final int[] nonspacingMark;
  private final int[] whitespace;
  private final int[] punctuation;
  private final int[] word;
  private final Mapping lowercase;
  private final Mapping decomposition;
  private final Mapping combiningClass;

  private UnicodeTables(BufferedReader lines) throws IOException {
    other = readRanges(lines, "other");
    nonspacingMark = readRanges(lines, "nonspacing-mark");
    whitespace = readRanges(lines, "whitespace");
    punctuation = readRanges(lines, "punctuation");
    word = readRanges(lines, "word");
    lowercase = Mapping.read(lines, "lowercase");
    decomposition = Mapping.read(lines, "decomposition");
    combiningClass = Mapping.read(lines, "combining-class");
  }

  // ---- Properties ----

  /** Whether it is a control, format or private-use character, other than tab and line ends. */
  static boolean isOther(int codePoint) {
    return contains(TABLES.other, codePoint);
  }

  /** Whether it is a nonspacing mark. Says nothing of code points that can be decomposed. */
  static boolean isNonspacingMark(int codePoint) {
    return contains(TABLES.nonspacingMark, codePoint);
  }

  static boolean isWhitespace(int codePoint) {
    return contains(TABLES.whitespace, codePoint);
  }

  /** Whether it is punctuation, or a symbol of ASCII. */
  static boolean isPunctuation(int codePoint) {
    return contains(TABLES.punctuation, codePoint);
  }

  /** Whether it is a word character, the {@code \w} of regular expressions. */
  static boolean isWord(int codePoint) {
    return contains(TABLES.word, codePoint);
  }

  /** Its lower-case form, whatever stands beside it; null when that is the code point itself. */
  static int[] lowercase(int codePoint) {
    return TABLES.lowercase.of(codePoint);
  }

  /** Its full canonical decomposition, without Hangul's; null when it has none. */
  static int[] decomposition(int codePoint) {
    return TABLES.decomposition.of(codePoint);
  }

  /** Its canonical combining class, 0 for most. */
  static int combiningClass(int codePoint) {
    int[] found = TABLES.combiningClass.of(codePoint);
    return found == null ? 0 : found[0];
  }

  /**
   * Whether ranges contain a value.
   *
   * @param bounds the first value of each range and the one after its last, all ascending
   */
  private static boolean contains(int[] bounds, int value) {
    int at = Arrays.binarySearch(bounds, value);
    // Found: a first value is at an even place. Otherwise -at - 1 is where it would be inserted.
    return at >= 0 ? (at & 1) == 0 : (-at - 1 & 1) == 1;
  }

  // ---- The resource ----

  private static UnicodeTables read() {
    try (InputStream in = UnicodeTables.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the engine's jar");
      }
      return new UnicodeTables(
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void readHeading(BufferedReader lines, String section) throws IOException {
    String heading = "[" + section + "]";
    String line = lines.readLine();
    while (line != null && (line.isEmpty() || line.startsWith("#"))) {
      line = lines.readLine();
    }
    if (!heading.equals(line)) {
      throw new IllegalStateException(
          RESOURCE + ": expected " + heading + ", found " + (line == null ? "its end" : line));
    }
  }

  private static String readEntry(BufferedReader lines) throws IOException {
    String line = lines.readLine();
    return line == null ? NONE : line;
  }

  /** The bounds of ranges, see {@link #contains}. */
  private static int[] readRanges(BufferedReader lines, String section) throws IOException {
    readHeading(lines, section);
    IntList bounds = new IntList();
    for (String line = readEntry(lines); !line.equals(NONE); line = readEntry(lines)) {
      int dots = line.indexOf("..");
      int first = Integer.parseInt(line, 0, dots < 0 ? line.length() : dots, 16);
      int last = dots < 0 ? first : Integer.parseInt(line, dots + 2, line.length(), 16);
      bounds.add(first);
      bounds.add(last + 1);
    }
    return bounds.toArray();
  }

  /** What code points become. */
  private record Mapping(int[] keys, int[][] values) {
    int[] of(int codePoint) {
      int at = Arrays.binarySearch(keys, codePoint);
      return at < 0 ? null : values[at];
    }

    static Mapping read(BufferedReader lines, String section) throws IOException {
      readHeading(lines, section);
      IntList keys = new IntList();
      List<int[]> values = new ArrayList<>();
      for (String line = readEntry(lines); !line.equals(NONE); line = readEntry(lines)) {
        IntList numbers = new IntList();
        int from = 0;
        while (from < line.length()) {
          int space = line.indexOf(' ', from);
          int to = space < 0 ? line.length() : space;
          numbers.add(Integer.parseInt(line, from, to, 16));
          from = to + 1;
        }
        int[] entry = numbers.toArray();
        keys.add(entry[0]);
        values.add(Arrays.copyOfRange(entry, 1, entry.length));
      }
      return new Mapping(keys.toArray(), values.toArray(new int[0][]));
    }
  }
}
