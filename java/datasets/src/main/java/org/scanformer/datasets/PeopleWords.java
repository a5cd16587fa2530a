package org.scanformer.datasets;

import java.util.Set;

/** Categories of people: different ones may be of the same person. No state. */
public final class PeopleWords {
  private static final Set<String> MALE = Set.of("man", "men", "boy", "boys", "guy", "guys");

  private static final Set<String> FEMALE =
      Set.of("woman", "women", "girl", "girls", "lady", "ladies");

  private static final Set<String> OTHERS =
      Set.of(
          "person",
          "people",
          "pedestrian",
          "child",
          "children",
          "kid",
          "kids",
          "baby",
          "toddler",
          "player",
          "players",
          "crowd",
          "group",
          "couple",
          "worker",
          "rider",
          "skateboarder",
          "snowboarder",
          "skier",
          "biker",
          "bicyclist",
          "cyclist",
          "climber",
          "surfer",
          "runner",
          "athlete");

  private PeopleWords() {}

  /** Whether a category is one of people. */
  public static boolean contains(String category) {
    return OTHERS.contains(category) || MALE.contains(category) || FEMALE.contains(category);
  }

  /** Whether an object of one category may be of the other too: "man" and "person", not "woman". */
  static boolean mayShare(String category, String other) {
    return category.equals(other)
        || contains(category)
            && contains(other)
            && !(MALE.contains(category) && FEMALE.contains(other))
            && !(FEMALE.contains(category) && MALE.contains(other));
  }
}
