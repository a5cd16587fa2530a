package org.scanformer.trainer;

import java.util.Arrays;
import org.scanformer.datasets.ExpressionWords;

/**
 * Which changes of an image an expression stays true under, judged by its words alone, and rather
 * too carefully than too little.
 */
final class PlaceWords {
  private PlaceWords() {}

  /** Whether an expression stays true of its object if a part of the image is cut away. */
  static boolean allowCrop(String expression) {
    return Arrays.stream(ExpressionWords.of(expression))
        .noneMatch(ExpressionWords::mayDependOnImage);
  }

  /** Whether an expression speaks of colour or light. */
  static boolean speakOfColor(String expression) {
    return Arrays.stream(ExpressionWords.of(expression)).anyMatch(ExpressionWords::mayBeOfColor);
  }
}
