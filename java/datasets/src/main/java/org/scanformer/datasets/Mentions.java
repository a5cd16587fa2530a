package org.scanformer.datasets;

import java.util.List;
import org.scanformer.Box;

/**
 * The objects of an image that the parts of an expression fit, each by itself and whether the whole
 * is true or not: of "the red circle left of the square", all red circles and all squares.
 * Immutable.
 *
 * @param subjects boxes of what its subject fits, in pixels
 * @param landmarks boxes of what the other object that it names fits, in pixels; empty if it names
 *     none
 */
public record Mentions(List<Box> subjects, List<Box> landmarks) {
  /** Checks for nulls and copies the lists. */
  public Mentions {
    subjects = List.copyOf(subjects);
    landmarks = List.copyOf(landmarks);
  }
}
