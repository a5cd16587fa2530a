package org.scanformer.trainer;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Left and right in English expressions. */
final class Sides {
  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{M}]+|[0-9]+|[^\\p{L}\\p{M}0-9\\s]+|\\s+");

  private static final Pattern LETTERS = Pattern.compile("[a-z]+");

  /** What is counted from a side that is not named is counted from the left. */
  private static final Pattern ORDINAL =
      Pattern.compile(
          "\\b(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last"
              + "|[0-9]+(st|nd|rd|th))\\b");

  /** What is counted downwards, upwards or in depth. */
  private static final Pattern FROM_ELSEWHERE =
      Pattern.compile("\\b(from|frm) (the )?(top|bottom|front|back)\\b");

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

  /** What "left" is a verb after, or says that something remains, or is part of a saying. */
  private static final Pattern NO_SIDE_AFTER =
      Pattern.compile(
          "\\b(has|have|had|he|she|they|just|all|is|are|was|were|be|been|being|that|what|who|one|ones"
              + "|only|some|any|nothing|none|much|more|few|bit|got|food"
              + "|(what|that|who|it|there|he|she|here)\\W?s)\\s+$");

  /** Words before which "left" says that something remains. */
  private static final Set<String> REMAINS_BEFORE =
      Set.of("alone", "behind", "out", "over", "unattended", "open", "standing", "lying");

  /** The same, unless an article or a preposition precedes: "food left on the plate". */
  private static final Set<String> MAY_REMAIN_BEFORE =
      Set.of("on", "in", "at", "by", "under", "inside", "for", "there", "here");

  /** Sides that have no word for the other one here, and times, which a clock may show. */
  private static final Pattern OTHER_SIDES =
      Pattern.compile(
          "\\b(north|south)\\W*(east|west)|\\b(east|west)(ern|wards?|erly)\\b"
              + "|\\b(driver|passenger)s?\\W?s?\\s+(side|door|seat|window|mirror|wheel)"
              + "|\\b(port|starboard)\\b|[0-9]:[0-9][0-9]");

  /** What "right" is no side after: "all right". */
  private static final Pattern SAYING = Pattern.compile("\\b(all|(that|it)\\W?s)\\s+$");

  /** Words before which "right" is no side whatever precedes it; after "side" comes "up". */
  private static final Set<String> NO_RIGHT_BEFORE = Set.of("angle", "angles", "angled", "way");

  /** Parts of what is counted: "second man with a left foot up" is counted from the left. */
  private static final Pattern PART =
      Pattern.compile(
          "\\W*(arm|hand|leg|foot|feet|knee|elbow|shoulder|ear|eye|wing|paw|sleeve|shoe|glove)s?"
              + "\\b(?!\\W+side)");

  private static final Pattern SIDE_UP = Pattern.compile("\\W*side\\W+up\\b");

  /** Words that a letter is read or spoken of with. */
  private static final Set<String> LETTER_BESIDE =
      Set.of(
          "letter",
          "letters",
          "word",
          "words",
          "number",
          "numbers",
          "sign",
          "signs",
          "logo",
          "initial",
          "initials",
          "capital",
          "says",
          "saying",
          "reads",
          "reading",
          "marked",
          "labeled",
          "labelled",
          "size",
          "sized",
          "an",
          "shape",
          "shaped");

  /** Words before which "right" means exactly, unless an article or a preposition precedes it. */
  private static final Set<String> NO_SIDE_BEFORE =
      Set.of(
          "next", "behind", "above", "below", "beside", "under", "there", "here", "now", "before",
          "after", "in", "at", "by", "against", "where", "up", "through", "on", "along");

  private static final Set<String> SIDE_AFTER =
      Set.of(
          "the", "on", "to", "far", "from", "at", "in", "top", "bottom", "upper", "lower", "his",
          "her", "its", "their", "front", "back", "middle", "center", "second", "third", "2nd",
          "3rd", "most");

  private Sides() {}

  /**
   * The expression that is true of the mirror image.
   *
   * @return null where that is in doubt, as with "right next to", the hours of a clock, and "second
   *     dog", which is counted from a side that is not named; and where it may not be English
   */
  static String mirrored(String expression) {
    String lower = expression.toLowerCase(Locale.ROOT);
    if (ForeignWords.mayBeIn(expression) || OTHER_SIDES.matcher(lower).find()) {
      return null;
    }
    Matcher tokens = WORD.matcher(lower);
    StringBuilder mirrored = new StringBuilder();
    long sides = FROM_ELSEWHERE.matcher(lower).results().count();
    String before = "";
    while (tokens.find()) {
      String word = tokens.group();
      if (word.isBlank()) {
        mirrored.append(word);
        continue;
      }
      String other = OTHER.get(word);
      if (other != null) {
        String rest = lower.substring(tokens.end());
        if (word.length() == 1
            ? isLetter(lower, tokens.start(), before, nextWord(rest))
            : inDoubt(word, lower.substring(0, tokens.start()), before, rest)) {
          return null;
        }
        sides += PART.matcher(rest).lookingAt() ? 0 : 1;
        mirrored.append(other);
      } else if (word.contains("clock") || !OTHERS.contains(word) && namesSide(word)) {
        return null;
      } else {
        mirrored.append(word);
      }
      before = word;
    }
    return ORDINAL.matcher(lower).results().count() > sides ? null : mirrored.toString();
  }

  private static boolean namesSide(String word) {
    return word.contains("left") || word.contains("right");
  }

  private static boolean inDoubt(String word, String begun, String before, String rest) {
    String after = nextWord(rest);
    if (word.equals("left")) {
      return NO_SIDE_AFTER.matcher(begun).find()
          || REMAINS_BEFORE.contains(after)
          || MAY_REMAIN_BEFORE.contains(after) && !SIDE_AFTER.contains(before);
    }
    return word.equals("right")
        && (SAYING.matcher(begun).find()
            || NO_RIGHT_BEFORE.contains(after)
            || SIDE_UP.matcher(rest).lookingAt()
            || NO_SIDE_BEFORE.contains(after) && !SIDE_AFTER.contains(before));
  }

  /** Whether "l" or "r" may be a letter that is seen, or a part of a name such as "r2d2". */
  private static boolean isLetter(String lower, int at, String before, String after) {
    return LETTER_BESIDE.contains(before)
        || LETTER_BESIDE.contains(after)
        || at > 0 && isOfName(lower.charAt(at - 1))
        || at + 1 < lower.length() && isOfName(lower.charAt(at + 1));
  }

  private static boolean isOfName(char beside) {
    return Character.isDigit(beside) || "'\"&".indexOf(beside) >= 0;
  }

  private static String nextWord(String rest) {
    Matcher word = LETTERS.matcher(rest);
    return word.find() ? word.group() : "";
  }
}
