package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.reference.GoldenCase;
import org.scanformer.reference.RandomModel;

/** Expressions to token ids. */
class TextTokenizerTest {
  @TempDir private Path directory;

  private TextTokenizer open() {
    return TextTokenizer.open(
        directory.resolve("tokenizer.json"), ModelConfig.read(directory.resolve("config.json")));
  }

  @Test
  void goldenExpressionsHaveTheirRecordedIds() throws Exception {
    for (GoldenCase golden : GoldenCase.all()) {
      Path model = golden.modelDirectory();
      try (TextTokenizer tokenizer =
          TextTokenizer.open(
              model.resolve("tokenizer.json"), ModelConfig.read(model.resolve("config.json")))) {
        assertArrayEquals(golden.inputIds(), tokenizer.encode(golden.text()), golden.text());
      }
    }
  }

  @Test
  void longExpressionsKeepTheirFirstWordsAndTheSeparator() throws Exception {
    RandomModel.tiny().maxTextLength(6).write(directory);
    try (TextTokenizer tokenizer = open()) {
      int[] whole = tokenizer.encode("the red circle");
      assertEquals(5, whole.length);
      int[] cut = tokenizer.encode("the red circle the red circle the red circle");
      assertEquals(6, cut.length);
      assertEquals(whole[0], cut[0], "[CLS]");
      assertEquals(whole[4], cut[5], "[SEP]");
      assertEquals(whole[1], cut[4], "the fourth word, which is \"the\"");
    }
  }

  @Test
  void expressionsWithoutAWordAreBlank() throws Exception {
    RandomModel.tiny().write(directory);
    try (TextTokenizer tokenizer = open()) {
      for (String blank : List.of("", " ", "\t\r\n", "\u00a0", "\u0000\u0001")) {
        assertRefused(
            ErrorCode.BAD_INPUT, () -> tokenizer.encode(blank), "The expression is blank");
      }
      assertRefused(
          ErrorCode.BAD_INPUT,
          () -> tokenizer.encode("a".repeat(10_001)),
          "has 10001 characters, expected at most 10000");
    }
  }

  @Test
  void anyOtherTextHasIds() throws Exception {
    RandomModel.tiny().write(directory);
    try (TextTokenizer tokenizer = open()) {
      for (String text :
          List.of(
              "\ud83d", "\ude00\ud83d", "🚗 🐈", "السيارة الحمراء", "red\u0000car", "ﬁ", "紅色")) {
        assertTrue(tokenizer.encode(text).length > 2, text);
      }
    }
  }

  @Test
  void manyThreadsGetTheSameIds() throws Exception {
    RandomModel.tiny().write(directory);
    try (TextTokenizer tokenizer = open()) {
      int[] expected = tokenizer.encode("the red circle left of the blue square");
      assertTrue(
          IntStream.range(0, 2000)
              .parallel()
              .allMatch(
                  i ->
                      java.util.Arrays.equals(
                          expected, tokenizer.encode("the red circle left of the blue square"))));
    }
  }

  @Test
  void filesThatAreNoTokenizersAreBadModels() throws Exception {
    RandomModel.tiny().write(directory);
    Path file = directory.resolve("tokenizer.json");
    String valid = Files.readString(file);
    for (String content : List.of("", "{", "{}", "[]", "{\"model\": 3}", "not json")) {
      Files.writeString(file, content);
      assertRefused(this::open, file.toString());
    }
    // What the library would take otherwise, or end the process for.
    String[][] changes = {
      {"\"WordPiece\", \"unk", "\"BPE\", \"unk", "model.type: expected WordPiece, found \"BPE\""},
      {"BertNormalizer", "Precompiled", "normalizer.type: expected BertNormalizer"},
      {"BertPreTokenizer", "Metaspace", "pre_tokenizer.type: expected Punctuation"},
      {"TemplateProcessing", "ByteLevel", "post_processor.type: expected TemplateProcessing"},
      {"\"lowercase\": true", "\"lowercase\": 1", "normalizer.lowercase: expected true or false"},
      {"\"Sequence\": {\"id\": \"A\"", "\"Sequence\": {\"id\": \"C\"", "the Sequence A or B"},
      {"\"type_id\": 0", "\"type_id\": -1", "type_id: expected a whole number of 0 to 1"},
      {"\"the\": ", "\"the\": 9", "model.vocab.the: expected a whole number"},
      {"\"unk_token\": \"[UNK]\"", "\"unk_token\": \"x\"", "expected a token of the vocabulary"},
    };
    for (String[] change : changes) {
      String text =
          valid.replace(", ", ",").replace(",", ", ").replace("\":", "\": ").replace(":  ", ": ");
      assertTrue(text.contains(change[0]), change[0]);
      Files.writeString(file, text.replace(change[0], change[1]));
      assertRefused(this::open, file.toString(), change[2]);
    }
  }

  @Test
  void anIdBeyondTheVocabularyIsABadModel() throws Exception {
    RandomModel.tiny().vocabSize(42).write(directory);
    Path config = directory.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceAll("(\"vocab_size\"\\s*:\\s*)\\d+", "$14"));
    assertRefused(this::open, "tokenizer.json", "expected a whole number of 0 to 3");
  }
}
