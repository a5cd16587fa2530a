package org.scanformer.internal.model;

import java.util.ArrayList;
import java.util.List;

/** Collects what a vocabulary does not hold of an expression. Not safe for several threads. */
final class UnknownTokens {
  private final List<String> words = new ArrayList<>();
  private final List<String> marks = new ArrayList<>();
  private boolean anyKnown;

  /** There is a token that the vocabulary holds. */
  void known() {
    anyKnown = true;
  }

  /** Adds a word or a punctuation mark that the vocabulary does not hold. */
  void add(String token) {
    boolean isMark = BertPreTokenizer.isPunctuation(token.codePointAt(0));
    (isMark ? marks : words).add(token);
  }

  /** Adds a special token that the user wrote, which stands for no word. */
  void addSpecial(String token) {
    words.add(token);
  }

  /** The words; the marks, whose absence changes no meaning, only where there is nothing else. */
  List<String> list() {
    return anyKnown || !words.isEmpty() ? words : marks;
  }
}
