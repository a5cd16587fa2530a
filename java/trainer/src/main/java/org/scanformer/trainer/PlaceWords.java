package org.scanformer.trainer;

import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import org.scanformer.datasets.ExpressionWords;

/**
 * Which changes of an image an expression stays true under, judged by its words alone, and rather
 * too carefully than too little.
 */
final class PlaceWords {
  /** Beside the places that another object gives. */
  private static final Set<String> RELATING = Set.of("of", "to", "than", "with", "by");

  /** Directions beside the four plain ones. */
  private static final Pattern COMPASS =
      Pattern.compile("(north|south)(east|west)(ern)?|(north|south|east|west)(ern|most|wards?)");

  private PlaceWords() {}

  /** Whether an expression stays true of its object if a part of the image is cut away. */
  static boolean allowCrop(String expression) {
    return !ForeignWords.mayBeIn(expression)
        && Arrays.stream(ExpressionWords.of(expression))
            .noneMatch(
                word -> ExpressionWords.mayDependOnImage(word) || COMPASS.matcher(word).matches());
  }

  /** Whether an expression may relate its object to one of another name, such as "left of". */
  static boolean speakOfOthers(String expression) {
    return Arrays.stream(ExpressionWords.of(expression))
        .anyMatch(word -> ExpressionWords.isRelativePlace(word) || RELATING.contains(word));
  }

  /** Whether an expression may speak of colour or light. */
  static boolean speakOfColor(String expression) {
    return ForeignWords.mayBeIn(expression)
        || Arrays.stream(ExpressionWords.of(expression)).anyMatch(ExpressionWords::mayBeOfColor);
  }
}
