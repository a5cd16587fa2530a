package org.scanformer.internal.model;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * Writes the resource of {@link UnicodeTables} from what the native library does with every code
 * point. Needed only when that library is replaced by a version with other tables.
 *
 * <p>Run {@code main} with the path of the file to write; {@code TextTokenizerOracleTest} tells
 * whether the tables still agree.
 */
final class UnicodeTablesWriter {
  private static final int CODE_POINTS = Character.MAX_CODE_POINT + 1;

  /** The ids of the probes' vocabulary are code points, but for this one. */
  private static final int UNKNOWN = CODE_POINTS;

  /** Code points in one text: the library takes the third power of its length. */
  private static final int CHUNK = 16;

  private static final int SEPARATOR = '|';

  /** Canonical combining classes in ascending order, each with a mark that has it. */
  private static final int[][] CLASSES = {
    {1, 0x334},
    {7, 0x93c},
    {8, 0x3099},
    {9, 0x94d},
    {10, 0x5b0},
    {11, 0x5b1},
    {12, 0x5b2},
    {13, 0x5b3},
    {14, 0x5b4},
    {15, 0x5b5},
    {16, 0x5b6},
    {17, 0x5b7},
    {18, 0x5b8},
    {19, 0x5b9},
    {20, 0x5bb},
    {21, 0x5bc},
    {22, 0x5bd},
    {23, 0x5bf},
    {24, 0x5c1},
    {25, 0x5c2},
    {26, 0xfb1e},
    {27, 0x64b},
    {28, 0x64c},
    {29, 0x64d},
    {30, 0x64e},
    {31, 0x64f},
    {32, 0x650},
    {33, 0x651},
    {34, 0x652},
    {35, 0x670},
    {36, 0x711},
    {84, 0xc55},
    {91, 0xc56},
    {103, 0xe38},
    {107, 0xe48},
    {118, 0xeb8},
    {122, 0xec8},
    {129, 0xf71},
    {130, 0xf72},
    {132, 0xf74},
    {202, 0x327},
    {214, 0x1dce},
    {216, 0x31b},
    {218, 0x302a},
    {220, 0x316},
    {222, 0x59a},
    {224, 0x302e},
    {226, 0x1d16d},
    {228, 0x5ae},
    {230, 0x301},
    {232, 0x315},
    {233, 0x35c},
    {234, 0x35d},
    {240, 0x345}
  };

  private final String vocabulary = vocabulary();
  private final StringBuilder out = new StringBuilder();

  private UnicodeTablesWriter() {}

  public static void main(String[] arguments) throws IOException {
    UnicodeTablesWriter writer = new UnicodeTablesWriter();
    writer.write();
    Files.writeString(Path.of(arguments[0]), writer.out, StandardCharsets.US_ASCII);
  }

  private void write() {
    out.append("# Properties of code points as the Rust library tokenizers 0.21.4 has them.\n");
    out.append(
        "# Written by UnicodeTablesWriter, in the engine's tests. Numbers are hexadecimal.\n");
    int[][] cleaned = each(bert(true, false));
    ranges("other", where(c -> c != 0 && c != 0xfffd && cleaned[c].length == 0));
    int[][] stripped = each(bert(false, true));
    ranges("nonspacing-mark", where(c -> stripped[c].length == 0));
    BitSet space = new BitSet();
    BitSet punctuation = new BitSet();
    splits(space, punctuation);
    ranges("whitespace", space);
    ranges("punctuation", punctuation);
    ranges("word", words());
    mappings("lowercase", each("{\"type\": \"Lowercase\"}"), c -> false);
    mappings(
        "decomposition",
        each("{\"type\": \"NFD\"}"),
        c -> Character.UnicodeBlock.of(c) == Character.UnicodeBlock.HANGUL_SYLLABLES);
    combiningClasses();
  }

  // ---- Probes ----

  private static String bert(boolean clean, boolean strip) {
    return """
        {"type": "BertNormalizer", "clean_text": %s, "handle_chinese_chars": false,
         "strip_accents": %s, "lowercase": false}"""
        .formatted(clean, strip);
  }

  private static String vocabulary() {
    StringBuilder json = new StringBuilder(20_000_000);
    json.append("{\"?unknown\": ").append(UNKNOWN);
    for (int c = 0; c < CODE_POINTS; c++) {
      if (isScalar(c)) {
        json.append(", \"");
        for (char unit : Character.toChars(c)) {
          json.append("\\u%04x".formatted((int) unit));
        }
        json.append("\": ").append(c);
      }
    }
    return json.append('}').toString();
  }

  private static boolean isScalar(int c) {
    return c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE;
  }

  /** A tokenizer whose ids are the code points of the normalized text. */
  private NativeTokenizer tokenizer(String normalizer, String preTokenizer, String addedToken) {
    String json =
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [%s],
         "normalizer": %s, "pre_tokenizer": %s, "post_processor": null, "decoder": null,
         "model": {"type": "WordPiece", "unk_token": "?unknown", "continuing_subword_prefix": "",
                   "max_input_chars_per_word": 1000000, "vocab": %s}}
        """
            .formatted(addedToken, normalizer, preTokenizer, vocabulary);
    return new NativeTokenizer(json.getBytes(StandardCharsets.US_ASCII), 0);
  }

  /** What each code point becomes by itself. */
  private int[][] each(String normalizer) {
    int[][] result = new int[CODE_POINTS][];
    try (NativeTokenizer tokenizer = tokenizer(normalizer, "null", "")) {
      for (int from = 0; from < CODE_POINTS; from += CHUNK) {
        StringBuilder text = new StringBuilder().appendCodePoint(SEPARATOR);
        for (int c = from; c < from + CHUNK; c++) {
          text.appendCodePoint(isScalar(c) ? c : 'x').appendCodePoint(SEPARATOR);
        }
        int[] ids = tokenizer.ids(text.toString());
        int at = 1;
        for (int c = from; c < from + CHUNK; c++) {
          int end = at + (c == SEPARATOR ? 1 : 0);
          while (ids[end] != SEPARATOR) {
            end++;
          }
          result[c] = isScalar(c) ? Arrays.copyOfRange(ids, at, end) : new int[] {c};
          at = end + 1;
        }
      }
    }
    return result;
  }

  private static BitSet where(IntPredicate predicate) {
    BitSet set = new BitSet();
    for (int c = 0; c < CODE_POINTS; c++) {
      if (isScalar(c) && predicate.test(c)) {
        set.set(c);
      }
    }
    return set;
  }

  private void splits(BitSet space, BitSet punctuation) {
    try (NativeTokenizer tokenizer = tokenizer("null", "{\"type\": \"BertPreTokenizer\"}", "")) {
      for (int c = 0; c < CODE_POINTS; c++) {
        if (isScalar(c)) {
          String text = "a" + Character.toString(c) + "a";
          var encoding = tokenizer.encode(text);
          long[] words = encoding.getWordIds();
          if (words.length == 2) {
            space.set(c);
          } else if (words[0] != words[1]) {
            punctuation.set(c);
          }
        }
      }
    }
  }

  private BitSet words() {
    String added =
        """
        {"id": %d, "content": "qqq", "single_word": true, "lstrip": false, "rstrip": false,
         "normalized": false, "special": false}"""
            .formatted(UNKNOWN + 1);
    try (NativeTokenizer tokenizer = tokenizer("null", "null", added)) {
      // Where the added token is not found, its letters are.
      return where(c -> tokenizer.ids(Character.toString(c) + "qqq").length > 2);
    }
  }

  /** Whether canonical ordering exchanges two code points. */
  private static boolean exchanges(NativeTokenizer nfd, int first, int second) {
    if (first == second) {
      return false;
    }
    int[] ids = nfd.ids("a" + Character.toString(first) + Character.toString(second));
    return ids.length == 3 && ids[1] == second && ids[2] == first;
  }

  // ---- Sections ----

  private void section(String name) {
    out.append("\n[").append(name).append("]\n");
  }

  private static String hex(int c) {
    return Integer.toHexString(c).toUpperCase(Locale.ROOT);
  }

  private void ranges(String name, BitSet set) {
    section(name);
    for (int from = set.nextSetBit(0); from >= 0; ) {
      int end = set.nextClearBit(from);
      out.append(from == end - 1 ? hex(from) : hex(from) + ".." + hex(end - 1)).append('\n');
      from = set.nextSetBit(end);
    }
  }

  private void mappings(String name, int[][] of, IntPredicate exceptions) {
    section(name);
    BitSet changed = where(c -> !Arrays.equals(of[c], new int[] {c}) && !exceptions.test(c));
    for (int c = changed.nextSetBit(0); c >= 0; c = changed.nextSetBit(c + 1)) {
      out.append(hex(c));
      for (int target : of[c]) {
        out.append(' ').append(hex(target));
      }
      out.append('\n');
    }
  }

  private void combiningClasses() {
    section("combining-class");
    try (NativeTokenizer nfd = tokenizer("{\"type\": \"NFD\"}", "null", "")) {
      int lowest = CLASSES[0][1];
      int highest = CLASSES[CLASSES.length - 1][1];
      BitSet marks = where(c -> exchanges(nfd, c, lowest) || exchanges(nfd, highest, c));
      for (int c = marks.nextSetBit(0); c >= 0; c = marks.nextSetBit(c + 1)) {
        out.append(hex(c)).append(' ').append(hex(combiningClass(nfd, c))).append('\n');
      }
    }
  }

  private static int combiningClass(NativeTokenizer nfd, int mark) {
    for (int[] known : CLASSES) {
      if (!exchanges(nfd, mark, known[1]) && !exchanges(nfd, known[1], mark)) {
        return known[0];
      }
    }
    throw new IllegalStateException("The class of U+" + hex(mark) + " is not in the list");
  }
}
