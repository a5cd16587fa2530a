package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The ids are those of the native library that defines the format.
 *
 * <p>The share that runs in every build takes seconds. {@code -Dscanformer.tokenizer.texts=1000000}
 * compares that many random texts for each tokenizer and every code point by itself; {@code
 * -Dscanformer.tokenizer.file=FILE} compares another tokenizer.json as well, {@code
 * -Dscanformer.tokenizer.seed=N} with other texts.
 */
class TextTokenizerOracleTest {
  private static final int TEXTS = Integer.getInteger("scanformer.tokenizer.texts", 10_000);
  private static final boolean FULL = TEXTS >= 1_000_000;
  private static final long SEED = Long.getLong("scanformer.tokenizer.seed", 20261125);
  private static final Path BUNDLED =
      Path.of("../model-shapes/src/main/resources/org/scanformer/model/shapes/tokenizer.json");
  private static final int MAX_LENGTH = 32;

  @TempDir private Path directory;
  private long compared;

  @AfterEach
  void printCount(TestInfo test) {
    System.out.println(
        test.getDisplayName() + ": " + compared + " texts have equal ids, seed " + SEED);
  }

  private static boolean isScalar(int c) {
    return c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE;
  }

  private void compare(TextTokenizer tokenizer, NativeTokenizer oracle, String text) {
    // Refused whatever the tokenizer.
    if (text.isBlank()) {
      return;
    }
    int[] expected = oracle.ids(text);
    int[] actual;
    try {
      actual = tokenizer.encode(text);
    } catch (ScanFormerException e) {
      assertEquals(ErrorCode.BAD_INPUT, e.code());
      // [CLS] and [SEP].
      actual = expected.length == 2 ? expected : new int[0];
    }
    if (!Arrays.equals(expected, actual)) {
      StringBuilder escaped = new StringBuilder();
      text.chars().forEach(c -> escaped.append("\\u%04x".formatted(c)));
      fail(
          "%s (%s): expected %s, found %s"
              .formatted(escaped, text, Arrays.toString(expected), Arrays.toString(actual)));
    }
    compared++;
  }

  private void compareRandom(
      TextTokenizer tokenizer, NativeTokenizer oracle, int count, List<String> pieces) {
    RandomText texts = new RandomText(SEED, pieces);
    for (int i = 0; i < count; i++) {
      compare(tokenizer, oracle, texts.next());
    }
  }

  private void compareFile(Path file, int vocabSize) throws Exception {
    TextTokenizer tokenizer = TokenizerJson.read(file, vocabSize, MAX_LENGTH);
    List<String> words = new ArrayList<>();
    new ObjectMapper()
        .readTree(file.toFile())
        .path("model")
        .path("vocab")
        .fieldNames()
        .forEachRemaining(words::add);
    words.remove("");
    try (NativeTokenizer oracle = new NativeTokenizer(Files.readAllBytes(file), MAX_LENGTH)) {
      compareRandom(tokenizer, oracle, TEXTS, words);
      compareCodePoints(tokenizer, oracle);
    }
  }

  /** Every code point among its neighbours; in the full comparison also by itself and in a word. */
  private void compareCodePoints(TextTokenizer tokenizer, NativeTokenizer oracle) {
    int run = 8;
    for (int from = 0; from <= Character.MAX_CODE_POINT; from += run) {
      StringBuilder text = new StringBuilder("e");
      for (int c = from; c < from + run; c++) {
        if (isScalar(c)) {
          text.appendCodePoint(c);
          if (FULL) {
            compare(tokenizer, oracle, Character.toString(c));
            compare(tokenizer, oracle, "e\u0316" + Character.toString(c) + "d car");
          }
        }
      }
      if (FULL || from < 0x3400 || from / run % 7 == 0) {
        compare(tokenizer, oracle, text.toString());
      }
    }
  }

  @Test
  void bundledTokenizer() throws Exception {
    compareFile(BUNDLED, 1000);
  }

  @Test
  void otherTokenizerWhereOneIsNamed() throws Exception {
    String file = System.getProperty("scanformer.tokenizer.file");
    if (file != null) {
      compareFile(Path.of(file), 1_000_000);
    }
  }

  /** Every assigned code point is a token, so that the normalized text itself is compared. */
  @Test
  void everyCodePointAsAToken() throws Exception {
    List<String> alphabet = new ArrayList<>();
    for (int c = 1; c <= 0xe0fff; c++) {
      boolean assignedPlane = c < 0x33480 || c >= 0xe0000;
      if (assignedPlane && isScalar(c)) {
        alphabet.add(Character.toString(c));
      }
    }
    TokenizerFile file = new TokenizerFile(alphabet, "");
    for (boolean all : new boolean[] {true, false}) {
      // By themselves the steps meet what an earlier one would have removed.
      file.normalizer.put("clean_text", all).put("handle_chinese_chars", all);
      TextTokenizer tokenizer = file.open(directory, MAX_LENGTH);
      try (NativeTokenizer oracle = new NativeTokenizer(file.json(), MAX_LENGTH)) {
        compareCodePoints(tokenizer, oracle);
        compareRandom(tokenizer, oracle, TEXTS / 2, List.of());
      }
    }
  }

  /** A vocabulary of pieces, with each setting of the normalizer. */
  @Test
  void everyNormalizer() throws Exception {
    TokenizerFile file = new TokenizerFile(pieces(), "##");
    for (int flags = 0; flags < 24; flags++) {
      file.normalizer
          .put("clean_text", flags % 2 == 0)
          .put("handle_chinese_chars", flags / 2 % 2 == 0)
          .put("lowercase", flags / 4 % 2 == 0);
      if (flags < 8) {
        file.normalizer.putNull("strip_accents");
      } else {
        file.normalizer.put("strip_accents", flags < 16);
      }
      file.model.put("max_input_chars_per_word", flags % 3 == 0 ? 5 : 100);
      int maxLength = 3 + flags;
      TextTokenizer tokenizer = file.open(directory, maxLength);
      try (NativeTokenizer oracle = new NativeTokenizer(file.json(), maxLength)) {
        compareRandom(tokenizer, oracle, TEXTS / 24, List.copyOf(pieces()));
      }
    }
  }

  private static Set<String> pieces() {
    Set<String> pieces = new LinkedHashSet<>();
    for (int c = 0x21; c < (FULL ? 0x2000 : 0x500); c++) {
      pieces.add(Character.toString(c));
      pieces.add("##" + Character.toString(c));
    }
    Random random = new Random(SEED);
    for (int i = 0; i < 1000; i++) {
      StringBuilder piece = new StringBuilder(random.nextBoolean() ? "##" : "");
      for (int k = random.nextInt(4); k >= 0; k--) {
        piece.append((char) ('a' + random.nextInt(26)));
      }
      pieces.add(piece.toString());
    }
    pieces.addAll(List.of("the", "man", "left", "of", "red", "car", "\u7ea2", "\ud83d\ude97"));
    return pieces;
  }

  /** Added tokens that overlap, contain each other, take white space and change when normalized. */
  @Test
  void addedTokens() throws Exception {
    List<String> contents =
        List.of(
            "[MASK]",
            "[mask]",
            "red",
            "Red",
            "RED",
            "red car",
            " of",
            "of ",
            "of",
            "\u00e9",
            "e\u0301",
            "\u00df",
            "\u0130",
            "CAR",
            "\u7ea2",
            "##x",
            "...",
            "a",
            "aa",
            "aaa",
            "A",
            "\u00a0",
            " ",
            "x\ty",
            "\ud83d\ude97",
            "_",
            "left of",
            "t",
            "\u0301",
            "\u1100",
            "\uac00",
            "th",
            "the man");
    Random random = new Random(SEED);
    int rounds = FULL ? 200 : 20;
    for (int round = 0; round < rounds; round++) {
      TokenizerFile file = new TokenizerFile(pieces(), "##");
      for (String content : contents) {
        // The library ends the process where normalization leaves nothing, and where white space is
        // taken that the token before has taken.
        if (random.nextInt(3) != 0) {
          boolean blank = content.isBlank() || content.equals("\u00a0");
          file.add(content)
              .put("single_word", random.nextInt(4) == 0)
              .put("lstrip", !blank && random.nextInt(4) == 0)
              .put("rstrip", random.nextInt(4) == 0)
              .put("normalized", !content.equals("\u0301") && random.nextBoolean())
              .put("special", random.nextBoolean());
        }
      }
      file.normalizer.put("lowercase", random.nextInt(4) != 0);
      TextTokenizer tokenizer = file.open(directory, MAX_LENGTH);
      try (NativeTokenizer oracle = new NativeTokenizer(file.json(), MAX_LENGTH)) {
        compareRandom(tokenizer, oracle, TEXTS / rounds, contents);
      }
    }
  }
}
