package org.scanformer.internal.model;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Texts of everything that a tokenizer treats in a way of its own. */
final class RandomText {
  /** Ranges of code points, first and last. */
  private static final int[][] RANGES = {
    {0x20, 0x7e},
    {0x00, 0xff},
    {0xc0, 0x24f},
    {0x300, 0x36f},
    {0x370, 0x52f},
    {0x590, 0x6ff},
    {0x900, 0xdff},
    {0xe00, 0xfff},
    {0x1100, 0x11ff},
    {0x1dc0, 0x1fff},
    {0x2000, 0x206f},
    {0x20d0, 0x2bff},
    {0x3000, 0x30ff},
    {0x3400, 0x9fff},
    {0xac00, 0xd7a3},
    {0xe000, 0xfaff},
    {0xfb00, 0xfffd},
    {0x10000, 0x10fff},
    {0x11000, 0x11fff},
    {0x16000, 0x16fff},
    {0x1d100, 0x1e9ff},
    {0x1f000, 0x1faff},
    {0x20000, 0x2ceff},
    {0x2f800, 0x2fa1f},
    {0xe0000, 0xe01ff},
    {0x00, 0x10ffff}
  };

  private static final String SPACES = " \t\n\r\u000b\u0085\u00a0\u1680\u2003\u2028\u3000";
  private static final String SPECIAL =
      "\u0000\ufffd\u200b\u200d\ufe0f\u0130\u0131\u00df\u1e9e\u03a3\u03c3\u03c2\u212a\u2126\ufb01\u0345\u0301\u0327";

  private static final List<String> WORDS =
      List.of(
          "the man left of the red car",
          "second woman from right, in a white T-shirt",
          "girl's left hand (top)",
          "Bus #3 @ 50%",
          "na\u00efve caf\u00e9",
          "\u00c5ngstr\u00f6m",
          "\ud83d\ude97",
          "\u7ea2\u8272\u7684\u8f66",
          "unbelievably",
          "[MASK]",
          "the",
          "of",
          "red");

  private final Random random;
  private final List<String> pieces;

  /**
   * Begins a sequence of texts.
   *
   * @param pieces put into the texts often
   */
  RandomText(long seed, List<String> pieces) {
    this.random = new Random(seed);
    this.pieces = pieces;
  }

  /** A text of up to some ten pieces; may be empty or blank. */
  String next() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(10); i >= 0; i--) {
      switch (random.nextInt(8)) {
        case 0 -> text.append(' ');
        case 1 -> text.append(SPACES.charAt(random.nextInt(SPACES.length())));
        case 2 -> text.append(SPECIAL.charAt(random.nextInt(SPECIAL.length())));
        case 3 -> text.append(WORDS.get(random.nextInt(WORDS.size())));
        case 4, 5 -> {
          if (!pieces.isEmpty()) {
            text.append(changed(pieces.get(random.nextInt(pieces.size()))));
          }
        }
        default -> run(text);
      }
    }
    return text.toString();
  }

  private void run(StringBuilder text) {
    int[] range = RANGES[random.nextInt(RANGES.length)];
    for (int i = random.nextInt(6); i >= 0; i--) {
      int c = range[0] + random.nextInt(range[1] - range[0] + 1);
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.appendCodePoint(c);
      }
    }
  }

  private String changed(String piece) {
    return switch (random.nextInt(6)) {
      case 0 -> piece.toUpperCase(Locale.ROOT);
      case 1 -> piece.substring(0, piece.offsetByCodePoints(0, 1));
      case 2 -> piece + piece;
      default -> piece;
    };
  }
}
