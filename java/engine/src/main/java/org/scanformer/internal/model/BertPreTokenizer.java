package org.scanformer.internal.model;

/** Splits normalized text at white space, and makes each punctuation character its own word. */
final class BertPreTokenizer {
  private BertPreTokenizer() {}

  /** Takes the words of a text. */
  @FunctionalInterface
  interface Words {
    void word(String text, int from, int to);
  }

  static void split(String text, int from, int to, Words words) {
    int start = from;
    int at = from;
    while (at < to) {
      int c = text.codePointAt(at);
      int next = at + Character.charCount(c);
      boolean punctuation = isPunctuation(c);
      if (punctuation || isWhitespace(c)) {
        if (start < at) {
          words.word(text, start, at);
        }
        if (punctuation) {
          words.word(text, at, next);
        }
        start = next;
      }
      at = next;
    }
    if (start < to) {
      words.word(text, start, to);
    }
  }

  static boolean isPunctuation(int c) {
    if (c < 0x80) {
      return ('!' <= c && c <= '/')
          || (':' <= c && c <= '@')
          || ('[' <= c && c <= '`')
          || ('{' <= c && c <= '~');
    }
    return UnicodeTables.isPunctuation(c);
  }

  private static boolean isWhitespace(int c) {
    return c < 0x80 ? c == ' ' || ('\t' <= c && c <= '\r') : UnicodeTables.isWhitespace(c);
  }
}
