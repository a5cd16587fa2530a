package org.scanformer.datasets;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * By what an expression tells its object from others, judged by its words: "the big dog left of the
 * red car" speaks of size, of a relation and of a colour. Immutable, so it is thread-safe.
 */
public enum Wording {
  /** By a place in the image, or in a row: "left guy", "second from left". */
  PLACE("place"),
  /** By size: "the biggest dog". */
  SIZE("size"),
  /** By a colour, its own or that of what it is described with: "man in red". */
  COLOR("colour"),
  /** By another object: "next to the car", "with a hat". */
  RELATION("relation"),
  /** By none of these. */
  NOUN("noun only");

  private static final Set<String> DETERMINERS =
      ExpressionWords.set(
          """
          the a an this that these those his her its their very most all way
          """);

  /** The image or its viewer: places in it are no relations. */
  private static final Set<String> IMAGE =
      ExpressionWords.set(
          """
          picture photo photograph image pic screen frame shot view scene us me you camera viewer
          row line
          """);

  /** Words that put their object in relation to the one that follows. */
  private static final Set<String> RELATING =
      ExpressionWords.set(
          """
          in on at by with without against around across along through inside outside onto into
          wearing holding carrying riding eating pulling pushing throwing catching kicking hitting
          facing touching using
          """);

  private final String label;

  Wording(String label) {
    this.label = label;
  }

  /** Its name in reports. */
  public String label() {
    return label;
  }

  /**
   * The wordings of a pair's expression: what the data says, if its kind is one of the labels, and
   * what the words say otherwise.
   *
   * @return at least one
   */
  public static Set<Wording> of(ReferringPair pair) {
    for (Wording wording : values()) {
      if (wording.label.equalsIgnoreCase(pair.kind())) {
        return Collections.unmodifiableSet(EnumSet.of(wording));
      }
    }
    return of(pair.expression());
  }

  /**
   * The wordings of an expression.
   *
   * @return at least one; {@link #NOUN} only alone
   */
  public static Set<Wording> of(String expression) {
    String[] words = ExpressionWords.of(expression);
    EnumSet<Wording> found = EnumSet.noneOf(Wording.class);
    boolean[] relating = new boolean[words.length];
    for (int i = 0; i < words.length; i++) {
      if (isRelating(words, i) && hasObject(words, i + 1)) {
        found.add(RELATION);
        // "left" in "to the left of the car" is no place in the image.
        for (int at = i; at >= 0 && (at == i || isPlaceWord(words, at)); at--) {
          relating[at] = true;
        }
      }
    }
    for (int i = 0; i < words.length; i++) {
      if (!relating[i] && isPlaceWord(words, i)) {
        found.add(PLACE);
      } else if (ExpressionWords.isSize(words[i])) {
        found.add(SIZE);
      } else if (ExpressionWords.isColor(words[i]) && !isFruit(words, i)) {
        found.add(COLOR);
      }
    }
    if (found.isEmpty()) {
      found.add(NOUN);
    }
    return Collections.unmodifiableSet(found);
  }

  /**
   * The words of an expression in lower case before its first relation to another object: of "the
   * small dog next to the man", the first three.
   */
  public static List<String> ownWords(String expression) {
    String[] words = ExpressionWords.of(expression);
    for (int i = 0; i < words.length; i++) {
      if (isRelating(words, i) && hasObject(words, i + 1)) {
        int end = i;
        while (end > 0 && isPlaceWord(words, end - 1)) {
          end--;
        }
        return List.of(words).subList(0, end);
      }
    }
    return List.of(words);
  }

  private static boolean isPlaceWord(String[] words, int at) {
    return ExpressionWords.isPlace(words[at])
        || ExpressionWords.isRelativePlace(words[at])
        || isHandOfSide(words, at);
  }

  /** "hand" of "on the left hand side". */
  private static boolean isHandOfSide(String[] words, int at) {
    return words[at].equals("hand")
        && at > 0
        && at < words.length - 1
        && words[at + 1].equals("side");
  }

  /** "of" and the like relate only after a place: "left of", but not "a group of". */
  private static boolean isRelating(String[] words, int at) {
    return switch (words[at]) {
      case "of", "to", "than" -> at > 0 && isPlaceWord(words, at - 1);
      default -> RELATING.contains(words[at]) || ExpressionWords.isRelativePlace(words[at]);
    };
  }

  /** Whether an object is named from a place on, before the next relation. */
  private static boolean hasObject(String[] words, int from) {
    for (int i = from; i < words.length && !isRelating(words, i); i++) {
      if (!DETERMINERS.contains(words[i])
          && !IMAGE.contains(words[i])
          && !isPlaceWord(words, i)
          && !ExpressionWords.isSize(words[i])
          && (!ExpressionWords.isColor(words[i]) || isFruit(words, i))) {
        return true;
      }
    }
    return false;
  }

  /** "orange" is a fruit at the end, but for "the man in orange". */
  private static boolean isFruit(String[] words, int at) {
    return words[at].equals("orange")
        && at == words.length - 1
        && (at == 0 || !words[at - 1].equals("in"));
  }
}
