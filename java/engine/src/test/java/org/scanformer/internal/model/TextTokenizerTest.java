package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
      TextTokenizer tokenizer =
          TextTokenizer.open(
              model.resolve("tokenizer.json"), ModelConfig.read(model.resolve("config.json")));
      assertArrayEquals(golden.inputIds(), tokenizer.encode(golden.text()), golden.text());
    }
  }

  @Test
  void longExpressionsKeepTheirFirstWordsAndTheSeparator() throws Exception {
    RandomModel.tiny().maxTextLength(6).write(directory);
    TextTokenizer tokenizer = open();
    int[] whole = tokenizer.encode("the red circle");
    assertEquals(5, whole.length);
    int[] cut = tokenizer.encode("the red circle the red circle the red circle");
    assertEquals(6, cut.length);
    assertEquals(whole[0], cut[0], "[CLS]");
    assertEquals(whole[4], cut[5], "[SEP]");
    assertEquals(whole[1], cut[4], "the fourth word, which is \"the\"");
  }

  @Test
  void theExtentCountsWhatIsCutOffToo() throws Exception {
    RandomModel.tiny().maxTextLength(6).write(directory);
    TextTokenizer tokenizer = open();
    assertEquals(new TextTokenizer.Extent(5, 0), tokenizer.extent("the red circle"));
    assertEquals(
        new TextTokenizer.Extent(10, 2),
        tokenizer.extent("\u72d7 \u72d7" + " the red circle".repeat(2)));
    // A mark that the vocabulary does not hold is left out, as when it is read.
    assertEquals(5, tokenizer.tokenize("the red circle \u00bf").ids().length);
    assertEquals(new TextTokenizer.Extent(5, 0), tokenizer.extent("the red circle \u00bf"));
  }

  @Test
  void expressionsWithoutAWordAreBlank() throws Exception {
    RandomModel.tiny().write(directory);
    TextTokenizer tokenizer = open();
    for (String blank : List.of("", " ", "\t\r\n", "\u00a0", "\u0000\u0001")) {
      assertRefused(ErrorCode.BAD_INPUT, () -> tokenizer.encode(blank), "The expression is blank");
    }
    assertRefused(
        ErrorCode.BAD_INPUT,
        () -> tokenizer.encode("a".repeat(10_001)),
        "has 10001 characters, expected at most 10000");
  }

  @Test
  void anyOtherTextHasIds() throws Exception {
    RandomModel.tiny().write(directory);
    TextTokenizer tokenizer = open();
    for (String text :
        List.of("\ud83d", "\ude00\ud83d", "🚗 🐈", "السيارة الحمراء", "red\u0000car", "ﬁ", "紅色")) {
      assertTrue(tokenizer.encode(text).length > 2, text);
    }
  }

  @Test
  void manyThreadsGetTheSameIds() throws Exception {
    RandomModel.tiny().write(directory);
    TextTokenizer tokenizer = open();
    int[] expected = tokenizer.encode("the red circle left of the blue square");
    assertTrue(
        IntStream.range(0, 2000)
            .parallel()
            .allMatch(
                i ->
                    java.util.Arrays.equals(
                        expected, tokenizer.encode("the red circle left of the blue square"))));
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
    String[][] changes = {
      {"\"WordPiece\", \"unk", "\"BPE\", \"unk", "model.type: expected WordPiece, found \"BPE\""},
      {"\"WordPiece\", \"unk", "\"Unigram\", \"unk", "expected WordPiece, found \"Unigram\""},
      {"BertNormalizer", "Precompiled", "normalizer.type: expected BertNormalizer"},
      {
        "BertNormalizer", "Sequence", "normalizer.type: expected BertNormalizer, found \"Sequence\""
      },
      {"BertPreTokenizer", "Metaspace", "pre_tokenizer.type: expected BertPreTokenizer"},
      {"TemplateProcessing", "ByteLevel", "post_processor.type: expected TemplateProcessing"},
      {"\"lowercase\": true", "\"lowercase\": 1", "normalizer.lowercase: expected true or false"},
      {"\"lowercase\": true", "\"x\": true", "normalizer.x: expected no such field, found true"},
      {"\"Sequence\": {\"id\": \"A\"", "\"Sequence\": {\"id\": \"B\"", "or once the Sequence A"},
      {"\"Sequence\": {\"id\": \"A\"", "\"Sequence\": {\"id\": \"C\"", "or once the Sequence A"},
      {"\"type_id\": 0", "\"type_id\": -1", "type_id: expected a whole number of 0 to 1"},
      {"\"the\": ", "\"the\": 9", "model.vocab.the: expected a whole number"},
      {"\"unk_token\": \"[UNK]", "\"unk_token\": \"\\ud800", "expected whole surrogate pairs"},
      {"prefix\": \"##", "prefix\": \"\\udc00", "prefix: expected whole surrogate pairs"},
      {"\"unk_token\": \"[UNK]\"", "\"unk_token\": \"x\"", "expected a token of the vocabulary"},
      {
        "_per_word\": 100", "_per_word\": 1001", "max_input_chars_per_word: expected a whole number"
      },
      {"\"version\": \"1.0\"", "\"version\": \"2.0\"", "version: expected \"1.0\", found \"2.0\""},
      {"\"padding\": null", "\"x\": null", "x: expected no such field, found null"},
      {"\"ids\": [2]", "\"ids\": [2, 2]", "tokens: expected as many as ids: 2"},
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
  void addedTokensThatCannotBeFoundAreBadModels() throws Exception {
    TokenizerFile unlikeTheVocabulary = new TokenizerFile(List.of("red"), "##");
    unlikeTheVocabulary.add("red").put("id", 2);
    assertRefused(
        () -> unlikeTheVocabulary.open(directory, 8),
        "added_tokens[0].id: expected 3 as in the vocabulary, found 2");

    TokenizerFile emptied = new TokenizerFile(List.of("red"), "##");
    emptied.add("\u0301").put("normalized", true);
    assertRefused(
        () -> emptied.open(directory, 8), "added_tokens[0].content: expected a text of which");

    TokenizerFile twice = new TokenizerFile(List.of("red"), "##");
    twice.add("red");
    twice.add("red");
    assertRefused(
        () -> twice.open(directory, 8), "added_tokens[1].content: expected a content of its own");

    TokenizerFile gap = new TokenizerFile(List.of("red"), "##");
    gap.vocabulary.put("car", 5);
    gap.add("x");
    gap.add("y");
    assertRefused(() -> gap.open(directory, 8), "added_tokens[0].id: expected 5, the next");

    TokenizerFile tooLong = new TokenizerFile(List.of("red"), "##");
    tooLong.add("x".repeat(257));
    assertRefused(() -> tooLong.open(directory, 8), "expected at most 256 characters");
  }

  @Test
  void specialTokensThatLeaveNoRoomAreABadModel() throws Exception {
    TokenizerFile file = new TokenizerFile(List.of("red"), "##");
    assertEquals(3, file.open(directory, 3).encode("red red").length);
    assertRefused(
        () -> file.open(directory, 2),
        "post_processor: expected fewer than the model's max_text_length, 2, found at least 2");
  }

  /** The costliest texts for the costliest files: no cost grows faster than the text. */
  @Test
  void longTextsTakeMilliseconds() throws Exception {
    TokenizerFile file = new TokenizerFile(List.of("a", "##a", "##" + "a".repeat(999) + "b"), "##");
    file.model.put("max_input_chars_per_word", 1000);
    file.add("x".repeat(255) + "y").put("rstrip", true).put("lstrip", true);
    file.add("z").put("normalized", true).put("rstrip", true).put("lstrip", true);
    TextTokenizer tokenizer = file.open(directory, 8);
    List<String> texts =
        List.of(
            ("a".repeat(999) + " ").repeat(10),
            "x".repeat(10_000),
            "\u0301\u0327".repeat(5_000),
            "\u1f82".repeat(10_000),
            "z" + " ".repeat(9_998) + "z",
            "z ".repeat(5_000));
    assertTimeout(
        Duration.ofSeconds(5),
        () -> {
          for (String text : texts) {
            tokenizer.encode("a" + text.substring(1));
          }
        });
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
