package org.scanformer.internal.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Collects what a vocabulary does not hold of an expression. Not safe for several threads. */
final class UnknownTokens {
  private final List<String> words = new ArrayList<>();
  private final List<String> marks = new ArrayList<>();
  private final IntList idsOfMarks = new IntList();
  private final boolean keepsMarks;
  private boolean anyKnown;

  private UnknownTokens(boolean keepsMarks) {
    this.keepsMarks = keepsMarks;
  }

  /** Leaves the ids of marks that the vocabulary does not hold where they are. */
  static UnknownTokens withMarks() {
    return new UnknownTokens(true);
  }

  /** Takes them out; {@link #addMarks} gives them back. */
  static UnknownTokens withoutMarks() {
    return new UnknownTokens(false);
  }

  /** There is a token that the vocabulary holds. */
  void known() {
    anyKnown = true;
  }

  /**
   * Adds a word or a punctuation mark that the vocabulary does not hold.
   *
   * @param ids those of the text so far
   * @param before how many there were before the token's
   */
  void add(String token, IntList ids, int before) {
    if (!BertPreTokenizer.isPunctuation(token.codePointAt(0))) {
      words.add(token);
      return;
    }
    marks.add(token);
    if (!keepsMarks) {
      idsOfMarks.addAll(Arrays.copyOfRange(ids.toArray(), before, ids.size()));
      ids.truncate(before);
    }
  }

  /** Adds the ids of the marks that were taken out. */
  void addMarks(IntList ids) {
    ids.addAll(idsOfMarks.toArray());
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
