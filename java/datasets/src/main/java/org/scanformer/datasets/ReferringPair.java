package org.scanformer.datasets;

import java.util.List;
import java.util.Objects;
import org.scanformer.Box;

/**
 * An image, an expression, and the box of the object that it describes. Immutable.
 *
 * @param id the pair's name within its dataset, for messages and for resuming
 * @param image the image, not yet read
 * @param expression what to look for, not blank
 * @param box the true box, in pixels of the image
 * @param kind the kind of expression ("left", "largest", …); null if not known
 * @param landmarks boxes of other objects that the expression names, in pixels; empty if not known
 */
public record ReferringPair(
    String id, ImageSource image, String expression, Box box, String kind, List<Box> landmarks) {
  /** Checks for nulls and copies the list. */
  public ReferringPair {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(expression, "expression");
    Objects.requireNonNull(box, "box");
    landmarks = List.copyOf(landmarks);
  }
}
