package org.scanformer.reference;

import java.util.List;
import java.util.SplittableRandom;

/**
 * A random expression of words that the tokenizer of a {@link RandomModel} knows whole.
 *
 * @param text the words, separated by spaces
 * @param ids the token ids: [CLS], one a word, [SEP]
 */
public record RandomExpression(String text, int[] ids) {
  static final int SPECIAL_TOKENS = 5;
  static final int CLS = 2;
  static final int SEP = 3;

  /** The vocabulary of the golden cases; larger ones go on with w42, w43, and so on. */
  public static final List<String> WORDS =
      List.of(
          "[PAD]",
          "[UNK]",
          "[CLS]",
          "[SEP]",
          "[MASK]",
          "the",
          "a",
          "red",
          "green",
          "blue",
          "yellow",
          "white",
          "black",
          "small",
          "big",
          "large",
          "left",
          "right",
          "top",
          "bottom",
          "of",
          "above",
          "below",
          "next",
          "to",
          "circle",
          "square",
          "triangle",
          "star",
          "man",
          "woman",
          "dog",
          "cat",
          "cup",
          "in",
          "on",
          "with",
          "hat",
          "and",
          "between",
          "second",
          "nearest");

  /** The word of a token id. */
  static String word(int id) {
    return id < WORDS.size() ? WORDS.get(id) : "w" + id;
  }

  /** A random expression from a vocabulary of that size; it has two more tokens than words. */
  public static RandomExpression of(long seed, int vocabSize, int words) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] ids = new int[words + 2];
    StringBuilder text = new StringBuilder();
    ids[0] = CLS;
    for (int i = 1; i <= words; i++) {
      ids[i] = random.nextInt(SPECIAL_TOKENS, vocabSize);
      text.append(i == 1 ? "" : " ").append(word(ids[i]));
    }
    ids[words + 1] = SEP;
    return new RandomExpression(text.toString(), ids);
  }
}
