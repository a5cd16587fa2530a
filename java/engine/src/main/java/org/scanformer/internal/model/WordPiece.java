package org.scanformer.internal.model;

import java.util.HashMap;
import java.util.Map;

/** Splits words into the longest pieces of a vocabulary, from left to right. Immutable. */
final class WordPiece {
  private final TokenTable beginnings;
  private final TokenTable continuations;
  private final int unknownId;
  private final int maxWordLength;

  /**
   * Makes the two tables of a vocabulary.
   *
   * @param vocabulary ids by token, the unknown token among them
   * @param prefix what tokens that continue a word begin with; may be empty
   * @param maxWordLength code points of the longest word that is split; a longer one is unknown
   */
  WordPiece(
      Map<String, Integer> vocabulary, String unknownToken, String prefix, int maxWordLength) {
    Map<String, Integer> whole = new HashMap<>(vocabulary);
    whole.remove("");
    Map<String, Integer> continuing = new HashMap<>();
    vocabulary.forEach(
        (token, id) -> {
          if (token.length() > prefix.length() && token.startsWith(prefix)) {
            continuing.put(token.substring(prefix.length()), id);
          }
        });
    this.beginnings = new TokenTable(whole);
    this.continuations = new TokenTable(continuing);
    this.unknownId = vocabulary.get(unknownToken);
    this.maxWordLength = maxWordLength;
  }

  /**
   * Adds the ids of the word at {@code from} to {@code to}: its pieces, or the unknown token's.
   *
   * @return whether the word is known
   */
  boolean encode(String text, int from, int to, IntList ids) {
    if (text.codePointCount(from, to) > maxWordLength) {
      ids.add(unknownId);
      return false;
    }
    int before = ids.size();
    TokenTable table = beginnings;
    int at = from;
    while (at < to) {
      int piece = table.longestAt(text, at, to);
      if (piece < 0) {
        ids.truncate(before);
        ids.add(unknownId);
        return false;
      }
      ids.add(table.number(piece));
      at += table.length(piece);
      table = continuations;
    }
    return true;
  }
}
