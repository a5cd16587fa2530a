package org.scanformer.datasets;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which names of categories may be of the same object ("dogs", "Puppy" and "animal"), and which of
 * them an expression says. Case, underscores and the plural make no difference. No state.
 */
public final class CategoryKin {
  private static final String OTHER = "other";
  private static final String ANIMALS = "animals";

  /** The groups that Flickr30k Entities has types for: what is of its type "other" is in none. */
  private static final Set<String> TYPES =
      Set.of(
          CategoryGroups.PEOPLE,
          ANIMALS,
          "vehicles",
          "clothing",
          "body parts",
          "instruments",
          "scene");

  /** Groups of which data seldom lists all that an image shows. */
  private static final Set<String> LISTED_IN_PART =
      Set.of("clothing", "body parts", "scene", OTHER);

  /** Names that may be of anything in their group, as they are folded. */
  private static final Set<String> GENERIC =
      Set.of("animal", "vehicle", "clothing", "clothe", "instrument", "body part", "bodypart");

  private static final Map<String, String> SINGULAR =
      Map.of(
          "men", "man",
          "women", "woman",
          "people", "person",
          "children", "child",
          "feet", "foot",
          "mice", "mouse",
          "geese", "goose",
          "puppies", "dog",
          "puppy", "dog");

  private CategoryKin() {}

  /** Whether data that lists objects of a category lists all that are in an image. */
  public static boolean isListedInFull(String category) {
    return !LISTED_IN_PART.contains(nonNull(group(category)));
  }

  /**
   * Whether an object of one category may be of the other too, as far as names tell: in doubt it
   * may. Of different animals it may not; in other groups names are mixed up too easily ("truck"
   * and "car", "cup" and "bowl"). A name that no group is known of ("sedan") may be of any group.
   *
   * @param category of what may be in an image
   * @param own that of an object of the image
   */
  public static boolean mayFit(String category, String own) {
    if (mayShare(category, own)) {
      return true;
    }
    String group = group(category);
    String ownGroup = group(own);
    if ((group == null) != (ownGroup == null)) {
      return true;
    }
    if (OTHER.equals(group) || OTHER.equals(ownGroup) && !TYPES.contains(nonNull(group))) {
      return true;
    }
    return group != null && group.equals(ownGroup) && !group.equals(ANIMALS);
  }

  /**
   * Whether two names may be used of one object: the same name, or one for people and another one
   * but for "man" and "woman", or a name and that of its group ("dog" and "animal"), or of a group
   * and one that none is known of ("vehicle" and "forklift").
   */
  static boolean mayShare(String category, String other) {
    String first = folded(category);
    String second = folded(other);
    if (first.equals(second)) {
      return true;
    }
    String group = group(category);
    String otherGroup = group(other);
    if ((group == null) != (otherGroup == null)) {
      return GENERIC.contains(first) || GENERIC.contains(second);
    }
    if (group == null || !group.equals(otherGroup)) {
      return false;
    }
    return group.equals(CategoryGroups.PEOPLE)
        ? PeopleWords.mayShare(first, second)
        : GENERIC.contains(first) || GENERIC.contains(second);
  }

  /**
   * Those of an object's categories that an expression says, or, if it says none, those for which
   * it says another word of their group: of "the brown puppy", "dog". Empty for "the brown one".
   */
  public static Set<String> said(String expression, Set<String> categories) {
    String[] words = expression.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+");
    Set<String> singular =
        Arrays.stream(words).map(CategoryKin::folded).collect(Collectors.toSet());
    Set<String> named =
        categories.stream()
            .filter(category -> singular.contains(lastWord(folded(category))))
            .collect(Collectors.toSet());
    if (!named.isEmpty()) {
      return named;
    }
    Set<String> groups =
        Arrays.stream(words)
            .map(CategoryKin::group)
            .filter(Objects::nonNull)
            .collect(Collectors.toSet());
    groups.remove(OTHER);
    return categories.stream()
        .filter(category -> groups.contains(nonNull(group(category))))
        .collect(Collectors.toSet());
  }

  private static String nonNull(String group) {
    return Objects.requireNonNullElse(group, "");
  }

  private static String lastWord(String name) {
    return name.substring(name.lastIndexOf(' ') + 1);
  }

  /** A colour is what an expression says of something that it does not name ("a man in black"). */
  private static String group(String name) {
    String folded = folded(name);
    if (ExpressionWords.isColor(folded)) {
      return OTHER;
    }
    // "Pants" and "skis" are in a group as they are, "puppies" by what they are of.
    String group = CategoryGroups.of(name);
    return group != null ? group : CategoryGroups.of(folded);
  }

  /** One spelling for all of a name: in lower case, and its last word singular. */
  public static String folded(String category) {
    String name = category.toLowerCase(Locale.ROOT).replace('_', ' ').strip();
    String last = lastWord(name);
    return name.substring(0, name.length() - last.length()) + singular(last);
  }

  private static String singular(String word) {
    String irregular = SINGULAR.get(word);
    if (irregular != null) {
      return irregular;
    }
    int length = word.length();
    if (length <= 3 || endsWith(word, "us", "ss", "is")) {
      return word;
    }
    if (word.endsWith("ies")) {
      return word.substring(0, length - 3) + "y";
    }
    if (endsWith(word, "ses", "xes", "ches", "shes")) {
      return word.substring(0, length - 2);
    }
    return word.endsWith("s") ? word.substring(0, length - 1) : word;
  }

  private static boolean endsWith(String word, String... ends) {
    return Arrays.stream(ends).anyMatch(word::endsWith);
  }
}
