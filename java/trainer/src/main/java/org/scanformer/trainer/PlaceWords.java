package org.scanformer.trainer;

import java.util.Locale;
import java.util.Set;

/**
 * Which changes of an image an expression stays true under, judged by its words alone, and rather
 * too carefully than too little.
 */
final class PlaceWords {
  /** Words whose truth depends on where the image ends or on which objects are in it. */
  private static final Set<String> PLACES =
      Set.of(
          "l",
          "r",
          "lft",
          "lef",
          "rt",
          "rgt",
          "rite",
          "rht",
          "east",
          "west",
          "north",
          "south",
          "top",
          "topmost",
          "bottom",
          "bottommost",
          "upper",
          "lower",
          "uppermost",
          "lowest",
          "highest",
          "middle",
          "mid",
          "center",
          "centre",
          "central",
          "corner",
          "edge",
          "side",
          "sides",
          "end",
          "front",
          "back",
          "background",
          "foreground",
          "behind",
          "far",
          "farther",
          "farthest",
          "furthest",
          "near",
          "nearer",
          "nearest",
          "close",
          "closer",
          "closest",
          "between",
          "above",
          "below",
          "over",
          "under",
          "underneath",
          "beneath",
          "beside",
          "besides",
          "next",
          "big",
          "bigger",
          "biggest",
          "large",
          "larger",
          "largest",
          "small",
          "smaller",
          "smallest",
          "tall",
          "taller",
          "tallest",
          "short",
          "shorter",
          "shortest",
          "little",
          "tiny",
          "huge",
          "most",
          "first",
          "second",
          "third",
          "fourth",
          "fifth",
          "last",
          "other",
          "another",
          "only",
          "whole",
          "entire",
          "full",
          "half",
          "one",
          "two",
          "three",
          "four",
          "five",
          "six",
          "both",
          "many",
          "group",
          "crowd",
          "several",
          "row",
          "line",
          "picture",
          "photo",
          "image",
          "pic",
          "screen",
          "frame",
          "up",
          "down",
          "high",
          "low",
          "clock",
          "oclock");

  /** Words for colours and for how light or colourful something is. */
  private static final Set<String> COLORS =
      Set.of(
          "red",
          "green",
          "blue",
          "yellow",
          "orange",
          "purple",
          "violet",
          "pink",
          "brown",
          "black",
          "white",
          "gray",
          "grey",
          "silver",
          "gold",
          "golden",
          "beige",
          "tan",
          "blond",
          "blonde",
          "blondish",
          "brunette",
          "redhead",
          "maroon",
          "navy",
          "teal",
          "turquoise",
          "cream",
          "khaki",
          "color",
          "colored",
          "colorful",
          "colour",
          "coloured",
          "colourful",
          "multicolored",
          "rainbow",
          "dark",
          "darker",
          "darkest",
          "light",
          "lighter",
          "lightest",
          "bright",
          "brighter",
          "brightest",
          "pale",
          "lit",
          "shiny",
          "shadow",
          "shade",
          "camouflage",
          "denim",
          "plaid");

  private PlaceWords() {}

  /** Whether an expression stays true of its object if a part of the image is cut away. */
  static boolean allowCrop(String expression) {
    for (String word : words(expression)) {
      if (PLACES.contains(word)
          || word.contains("left")
          || word.contains("right")
          || word.matches("[0-9]+(st|nd|rd|th)?")) {
        return false;
      }
    }
    return true;
  }

  /** Whether an expression speaks of colour or light. */
  static boolean speakOfColor(String expression) {
    for (String word : words(expression)) {
      if (COLORS.contains(word) || word.endsWith("ish")) {
        return true;
      }
    }
    return false;
  }

  private static String[] words(String expression) {
    return expression.toLowerCase(Locale.ROOT).split("[^a-z0-9]+");
  }
}
