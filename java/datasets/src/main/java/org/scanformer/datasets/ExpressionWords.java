package org.scanformer.datasets;

import java.util.Locale;
import java.util.Set;

/** Words of English expressions by what they speak of, with common spellings. No state. */
public final class ExpressionWords {
  private static final Set<String> PLACES =
      set(
          """
          l r lft lef rt rgt rite rht east west north south top topmost bottom bottommost upper lower
          uppermost lowermost lowest highest higher middle mid center centre central corner edge side
          sides end front back background foreground far farther farthest furthest first second third
          fourth fifth last
          """);

  /** Places that another object may give; without one, that of the viewer. */
  private static final Set<String> RELATIVE_PLACES =
      set(
          """
          behind near nearer nearest close closer closest between above below over under underneath
          beneath beside besides next
          """);

  private static final Set<String> SIZES =
      set(
          """
          big bigger biggest large larger largest great greatest small smaller smallest tall taller
          tallest short shorter shortest little littler littlest tiny tinier tiniest mini huge giant
          medium average
          """);

  /** Words that speak of the whole image, or of which and how many of its objects there are. */
  private static final Set<String> OF_THE_WHOLE =
      set(
          """
          most other another only whole entire full half one two three four five six both many group
          crowd several row line picture photo image pic screen frame up down high low clock oclock
          """);

  private static final Set<String> COLORS =
      set(
          """
          red green blue yellow orange purple violet pink brown black white gray grey silver gold
          golden beige tan crimson scarlet blond blonde blondish brunette redhead maroon navy teal
          turquoise cream khaki color colored colorful colour coloured colourful multicolored rainbow
          dark darker darkest lighter lightest bright brighter brightest pale
          """);

  /** Words for how light or patterned something is, or for what is so. */
  private static final Set<String> LIGHT =
      set("light lit shiny shadow shade camouflage denim plaid");

  private ExpressionWords() {}

  /** The words of a text that white space separates, each once. */
  static Set<String> set(String text) {
    return Set.of(text.strip().split("\\s+"));
  }

  /** The words of an expression in lower case; hyphens and apostrophes separate them. */
  public static String[] of(String expression) {
    return expression.toLowerCase(Locale.ROOT).strip().split("[^a-z0-9]+");
  }

  /** Whether a word names a place in the image, or one in a row, such as "left" and "2nd". */
  public static boolean isPlace(String word) {
    return PLACES.contains(word)
        || word.matches("(far)?(left|right)(most|hand|side|er|est)?|[0-9]+(st|nd|rd|th)");
  }

  /** Whether a word names a place that another object may give, such as "behind". */
  public static boolean isRelativePlace(String word) {
    return RELATIVE_PLACES.contains(word);
  }

  /** Whether a word speaks of size. */
  public static boolean isSize(String word) {
    return SIZES.contains(word);
  }

  /** Whether a word names a colour, or says how colourful something is. */
  public static boolean isColor(String word) {
    return COLORS.contains(word);
  }

  /** Whether a word may speak of colour or light, rather too often than too seldom. */
  public static boolean mayBeOfColor(String word) {
    return COLORS.contains(word) || LIGHT.contains(word) || word.endsWith("ish");
  }

  /**
   * Whether the truth of a word may depend on where the image ends or on which objects are in it,
   * rather too often than too seldom.
   */
  public static boolean mayDependOnImage(String word) {
    return PLACES.contains(word)
        || RELATIVE_PLACES.contains(word)
        || SIZES.contains(word)
        || OF_THE_WHOLE.contains(word)
        || word.contains("left")
        || word.contains("right")
        || word.matches("[0-9]+(st|nd|rd|th)?");
  }
}
