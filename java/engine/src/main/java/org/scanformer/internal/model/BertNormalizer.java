package org.scanformer.internal.model;

/**
 * Brings a text to the form that the vocabulary is written in: the steps of Hugging Face's
 * BertNormalizer, in its order.
 *
 * @param cleanText removes control characters, NUL and U+FFFD, and makes any white space a space
 * @param handleChineseChars puts spaces around each CJK ideograph
 * @param stripAccents decomposes characters and removes nonspacing marks
 * @param lowercase replaces each character by its lower-case form, whatever stands beside it
 */
record BertNormalizer(
    boolean cleanText, boolean handleChineseChars, boolean stripAccents, boolean lowercase) {

  private static final int REPLACEMENT = 0xfffd;

  String normalize(String text) {
    if (isAscii(text)) {
      return normalizeAscii(text);
    }
    String result = text;
    if (cleanText) {
      result = clean(result);
    }
    if (handleChineseChars) {
      result = separateIdeographs(result);
    }
    if (stripAccents) {
      result = withoutAccents(result);
    }
    return lowercase ? lower(result) : result;
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  /** The same without tables: an expression in English needs none. */
  private String normalizeAscii(String text) {
    StringBuilder result = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (cleanText && (c < ' ' || c == 0x7f)) {
        if (c == '\t' || c == '\n' || c == '\r') {
          result.append(' ');
        }
      } else if (lowercase && 'A' <= c && c <= 'Z') {
        result.append((char) (c + ('a' - 'A')));
      } else {
        result.append(c);
      }
    }
    return result.toString();
  }

  private static String clean(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .filter(c -> c != 0 && c != REPLACEMENT && !UnicodeTables.isOther(c))
        .forEach(c -> result.appendCodePoint(UnicodeTables.isWhitespace(c) ? ' ' : c));
    return result.toString();
  }

  private static String separateIdeographs(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isIdeograph(c)) {
                result.append(' ').appendCodePoint(c).append(' ');
              } else {
                result.appendCodePoint(c);
              }
            });
    return result.toString();
  }

  private static boolean isIdeograph(int c) {
    return (0x4e00 <= c && c <= 0x9fff)
        || (0x3400 <= c && c <= 0x4dbf)
        || (0x20000 <= c && c <= 0x2a6df)
        || (0x2a700 <= c && c <= 0x2b73f)
        || (0x2b740 <= c && c <= 0x2b81f)
        // The library's range; BERT's own begins at U+2B820.
        || (0x2b920 <= c && c <= 0x2ceaf)
        || (0xf900 <= c && c <= 0xfaff)
        || (0x2f800 <= c && c <= 0x2fa1f);
  }

  private static String withoutAccents(String text) {
    StringBuilder result = new StringBuilder(text.length());
    for (int c : CanonicalDecomposition.of(text)) {
      if (!UnicodeTables.isNonspacingMark(c)) {
        result.appendCodePoint(c);
      }
    }
    return result.toString();
  }

  private static String lower(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              int[] lower = UnicodeTables.lowercase(c);
              if (lower == null) {
                result.appendCodePoint(c);
              } else {
                for (int part : lower) {
                  result.appendCodePoint(part);
                }
              }
            });
    return result.toString();
  }
}
