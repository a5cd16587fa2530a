package org.scanformer.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.internal.model.BadModel.assertRefused;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.ErrorCode;
import org.scanformer.UnknownWord;
import org.scanformer.reference.RandomModel;

/** What a tokenizer tells of an expression that it does not read whole. */
class SpellingTest {
  @TempDir private Path directory;

  private TextTokenizer open(RandomModel model) throws Exception {
    model.write(directory);
    return TextTokenizer.open(
        directory.resolve("tokenizer.json"), ModelConfig.read(directory.resolve("config.json")));
  }

  private static List<String> unknown(TextTokenizer tokenizer, String expression) {
    return tokenizer.tokenize(expression).unknownWords().stream()
        .map(UnknownWord::toString)
        .toList();
  }

  @Test
  void unknownWordsAreToldAsTheyWereWritten() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny());
    assertEquals(List.of(), unknown(tokenizer, "the RED circle"));
    assertEquals(
        List.of("\"Cirlce\" (did you mean \"circle\"?)"), unknown(tokenizer, "the red Cirlce"));
    assertEquals(
        List.of("\"Éléphant\"", "\"Straße\""),
        unknown(tokenizer, "the Éléphant, Straße,  the Éléphant"));
    // The tokenizer sets the characters apart, which are one word here.
    assertEquals(List.of("\"大\"", "\"象\""), unknown(tokenizer, "the 大象"));
  }

  @Test
  void punctuationIsToldOnlyWhereThereIsNothingElse() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny());
    assertEquals(List.of(), unknown(tokenizer, "the red star."));
    assertEquals(List.of("\"elephant\""), unknown(tokenizer, "¿elephant?!"));
    assertEquals(List.of("\"!\"", "\"?\""), unknown(tokenizer, "!!! ???"));
    tokenizer.tokenize("the red star.").requireWhole("the red star.");
  }

  /** A model that was trained to refuse unknown words would take a full stop for one. */
  @Test
  void unknownPunctuationIsLeftOutWhereThereIsAnythingElse() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny());
    int[] plain = tokenizer.tokenize("the red star").ids();
    assertArrayEquals(plain, tokenizer.tokenize("\"the red, star!!\" .").ids());
    assertEquals(plain.length + 1, tokenizer.encode("the red star.").length);
    assertArrayEquals(tokenizer.encode("!?"), tokenizer.tokenize("!?").ids());
  }

  @Test
  void specialTokensAreNoWordsThatTheModelKnows() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny());
    assertEquals(List.of("\"[UNK]\""), unknown(tokenizer, "the [UNK]"));
    assertEquals(List.of("\"[SEP]\""), unknown(tokenizer, "red [SEP] star"));
  }

  @Test
  void thereAreAsManyUnknownWordsAsUnknownIds() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny().maxTextLength(200));
    RandomText random = new RandomText(5, List.of("circle", "cirlce"));
    for (int i = 0; i < 2000; i++) {
      String text =
          "the "
              + random
                  .next()
                  .codePoints()
                  .filter(SpellingTest::isNoMark)
                  .collect(
                      StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append);
      TokenizedText read = tokenizer.tokenize(text);
      boolean hasUnknownId = false;
      for (int id : read.ids()) {
        hasUnknownId |= id == 1;
      }
      assertEquals(hasUnknownId, !read.unknownWords().isEmpty(), text);
    }
  }

  private static boolean isNoMark(int codePoint) {
    return !BertPreTokenizer.isPunctuation(codePoint);
  }

  @Test
  void longExpressionsAreTruncated() throws Exception {
    TextTokenizer tokenizer = open(RandomModel.tiny().maxTextLength(6));
    assertFalse(tokenizer.tokenize("the small red circle").truncated());
    TokenizedText cut = tokenizer.tokenize("the small red circle elephant");
    assertTrue(cut.truncated());
    assertEquals(List.of(), cut.unknownWords(), "what is cut off is not told");
    assertEquals(6, cut.ids().length);
    // A mark that is left out takes no place, not even where there is none left.
    String full = "the small red circle.";
    TokenizedText whole = tokenizer.tokenize(full);
    assertFalse(whole.truncated());
    whole.requireWhole(full);
    assertArrayEquals(tokenizer.tokenize("the small red circle").ids(), whole.ids());
    assertTrue(tokenizer.tokenize("the small red circle. elephant").truncated());
    assertRefused(
        ErrorCode.BAD_INPUT, () -> cut.requireWhole("the …"), "is longer than the 6 tokens");
    assertRefused(
        ErrorCode.BAD_INPUT,
        () -> tokenizer.tokenize("the cirlce elefant").requireWhole("the cirlce elefant"),
        "does not know: \"cirlce\" (did you mean \"circle\"?), \"elefant\"");
  }

  @Test
  void largeVocabulariesSuggestNothing() throws Exception {
    assertEquals(
        List.of("\"cirlce\" (did you mean \"circle\"?)"),
        unknown(open(RandomModel.tiny().hiddenSize(2).heads(1).vocabSize(5_005)), "cirlce"));
    assertEquals(
        List.of("\"cirlce\""),
        unknown(open(RandomModel.tiny().hiddenSize(2).heads(1).vocabSize(5_006)), "cirlce"));
  }

  @ParameterizedTest
  @CsvSource({
    "circl, circle",
    "circlee, circle",
    "cricle, circle",
    "yelow, yellow or below",
    "gren, green",
    "rde, red",
    "traingel, triangle",
    "whit, white",
    "hit, hat",
    "xy,",
    "elephant,",
    "circular,",
  })
  void theClosestWordsAreSuggested(String written, String suggested) throws Exception {
    List<String> expected = suggested == null ? List.of() : List.of(suggested.split(" or "));
    UnknownWord word = open(RandomModel.tiny()).tokenize(written).unknownWords().get(0);
    assertEquals(expected, word.suggestions());
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', 0",
    "abc, '', 3",
    "abc, abc, 0",
    "abc, acb, 1",
    "abc, bc, 1",
    "abc, abcd, 1",
    "abc, axc, 1",
    "ca, abc, 3",
    "kitten, sitting, 3",
    "ab, ba, 1",
    "abcd, badc, 2"
  })
  void editsAreCounted(String a, String b, int edits) {
    assertEquals(edits, EditDistance.between(a, b));
    assertEquals(edits, EditDistance.between(b, a));
  }
}
