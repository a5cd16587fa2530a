package org.scanformer.internal.model;

import java.util.function.Consumer;

/** The words that a vocabulary is built from: those that a tokenizer of BERT's kind looks up. */
public final class BertWords {
  private static final BertNormalizer NORMALIZER = new BertNormalizer(true, true, true, true);

  private BertWords() {}

  /** Gives the words of a text in lower case and without accents, in their order. */
  public static void forEach(String text, Consumer<String> words) {
    String normalized = NORMALIZER.normalize(TextTokenizer.wellFormed(text));
    BertPreTokenizer.split(
        normalized,
        0,
        normalized.length(),
        (part, from, to) -> words.accept(part.substring(from, to)));
  }
}
