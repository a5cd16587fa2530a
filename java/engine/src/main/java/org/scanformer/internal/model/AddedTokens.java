package org.scanformer.internal.model;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Finds added tokens in texts: the longest one at each place, from left to right. Immutable. */
final class AddedTokens {
  /** Takes the parts of a text, in order. */
  interface Parts {
    /** A part without added tokens; not empty. */
    void text(String text, int from, int to);

    void token(AddedToken token);
  }

  private final AddedToken[] tokens;
  private final TokenTable table;

  /**
   * Makes the table of the tokens.
   *
   * @param form brings a token's content to the form of the texts; never makes it empty
   */
  AddedTokens(List<AddedToken> tokens, UnaryOperator<String> form) {
    this.tokens = tokens.toArray(new AddedToken[0]);
    Map<String, Integer> places = new HashMap<>();
    for (boolean special : new boolean[] {true, false}) {
      for (int i = 0; i < this.tokens.length; i++) {
        if (this.tokens[i].special() == special) {
          places.putIfAbsent(form.apply(this.tokens[i].content()), i);
        }
      }
    }
    this.table = new TokenTable(places);
  }

  /** Splits a text into added tokens and what stands between them. */
  void split(String text, Parts parts) {
    int done = 0;
    int at = 0;
    while (at < text.length()) {
      int found = table.longestAt(text, at, text.length());
      if (found < 0) {
        at++;
        continue;
      }
      AddedToken token = tokens[table.number(found)];
      int start = at;
      int end = at + table.length(found);
      at = end;
      if (token.singleWord() && !standsAlone(text, start, end)) {
        continue;
      }
      if (token.lstrip()) {
        start = Math.max(whitespaceBefore(text, start), done);
      }
      if (token.rstrip()) {
        end = whitespaceAfter(text, end);
      }
      if (done < start) {
        parts.text(text, done, start);
      }
      parts.token(token);
      // May be less than before: another token can begin in white space that is taken already.
      done = end;
    }
    if (done < text.length()) {
      parts.text(text, done, text.length());
    }
  }

  private static boolean standsAlone(String text, int start, int end) {
    return (start == 0 || !UnicodeTables.isWord(text.codePointBefore(start)))
        && (end == text.length() || !UnicodeTables.isWord(text.codePointAt(end)));
  }

  private static int whitespaceBefore(String text, int end) {
    int start = end;
    // White space is outside the surrogates.
    while (start > 0 && UnicodeTables.isWhitespace(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static int whitespaceAfter(String text, int start) {
    int end = start;
    while (end < text.length() && UnicodeTables.isWhitespace(text.charAt(end))) {
      end++;
    }
    return end;
  }
}
