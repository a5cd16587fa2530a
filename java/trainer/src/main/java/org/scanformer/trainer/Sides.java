package org.scanformer.trainer;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Left and right in English expressions. */
final class Sides {
  private static final Pattern WORD = Pattern.compile("[a-z]+|[0-9]+|[^a-z0-9\\s]+|\\s+");

  private static final Pattern LETTERS = Pattern.compile("[a-z]+");

  /** Words for a side and the same for the other one, with common spellings. */
  private static final Map<String, String> OTHER =
      Map.ofEntries(
          Map.entry("left", "right"),
          Map.entry("right", "left"),
          Map.entry("leftmost", "rightmost"),
          Map.entry("rightmost", "leftmost"),
          Map.entry("lefthand", "righthand"),
          Map.entry("righthand", "lefthand"),
          Map.entry("l", "r"),
          Map.entry("r", "l"),
          Map.entry("lft", "rgt"),
          Map.entry("rgt", "lft"),
          Map.entry("lef", "rite"),
          Map.entry("rite", "left"),
          Map.entry("rht", "left"),
          Map.entry("rt", "left"),
          Map.entry("east", "west"),
          Map.entry("west", "east"));

  /** Words that only look like a side. */
  private static final Set<String> OTHERS =
      Set.of("bright", "brightly", "brighter", "brightest", "upright", "leftover", "leftovers");

  /** Words after which "left" is a verb, or part of a saying. */
  private static final Set<String> NO_SIDE_AFTER =
      Set.of("has", "have", "had", "he", "she", "they", "just", "all");

  /** Words before which "right" means exactly, unless an article or a preposition precedes it. */
  private static final Set<String> NO_SIDE_BEFORE =
      Set.of(
          "next", "behind", "above", "below", "beside", "under", "there", "here", "now", "before",
          "after", "in", "at", "by", "against", "where", "up", "through", "on", "along");

  private static final Set<String> SIDE_AFTER =
      Set.of(
          "the", "on", "to", "far", "from", "top", "bottom", "upper", "lower", "his", "her", "its",
          "their", "front", "back", "middle", "center", "second", "third", "2nd", "3rd", "most");

  private Sides() {}

  /**
   * The expression that is true of the mirror image.
   *
   * @return null where that is in doubt, as with "right next to" and the hours of a clock
   */
  static String mirrored(String expression) {
    String lower = expression.toLowerCase(Locale.ROOT);
    Matcher tokens = WORD.matcher(lower);
    StringBuilder mirrored = new StringBuilder();
    String before = "";
    while (tokens.find()) {
      String word = tokens.group();
      if (word.isBlank()) {
        mirrored.append(word);
        continue;
      }
      String other = OTHER.get(word);
      if (other != null) {
        if (inDoubt(word, before, nextWord(lower, tokens.end()))) {
          return null;
        }
        mirrored.append(other);
      } else if (word.contains("clock") || !OTHERS.contains(word) && namesSide(word)) {
        return null;
      } else {
        mirrored.append(word);
      }
      before = word;
    }
    return mirrored.toString();
  }

  private static boolean namesSide(String word) {
    return word.contains("left") || word.contains("right");
  }

  private static boolean inDoubt(String word, String before, String after) {
    if (word.equals("left")) {
      return NO_SIDE_AFTER.contains(before);
    }
    return word.equals("right") && NO_SIDE_BEFORE.contains(after) && !SIDE_AFTER.contains(before);
  }

  private static String nextWord(String lower, int from) {
    Matcher word = LETTERS.matcher(lower);
    return word.find(from) ? word.group() : "";
  }
}
