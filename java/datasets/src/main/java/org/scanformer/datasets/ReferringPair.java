package org.scanformer.datasets;

import java.util.List;
import java.util.Objects;
import org.scanformer.Box;

/**
 * An image, an expression, and the boxes of the objects that it describes: one in most datasets;
 * none where the expression is not true of the image, and several where it speaks of a group.
 * Immutable.
 *
 * @param id the pair's name, which no other one of its dataset has, for messages and for resuming
 * @param image the image, not yet read
 * @param expression what to look for, not blank
 * @param targets the true boxes, in pixels of the image
 * @param kind the kind of expression ("left", "largest", …); null if not known
 * @param landmarks boxes of other objects that the expression names, in pixels; empty if not known
 * @param mentions what the expression's parts fit; null if not known
 */
public record ReferringPair(
    String id,
    ImageSource image,
    String expression,
    List<Box> targets,
    String kind,
    List<Box> landmarks,
    Mentions mentions) {
  /** Checks for nulls and copies the lists. */
  public ReferringPair {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(expression, "expression");
    targets = List.copyOf(targets);
    landmarks = List.copyOf(landmarks);
  }

  /** A pair of which it is not known what the expression's parts fit. */
  public ReferringPair(
      String id,
      ImageSource image,
      String expression,
      List<Box> targets,
      String kind,
      List<Box> landmarks) {
    this(id, image, expression, targets, kind, landmarks, null);
  }

  /** A pair with one target. */
  public ReferringPair(
      String id, ImageSource image, String expression, Box box, String kind, List<Box> landmarks) {
    this(id, image, expression, List.of(box), kind, landmarks);
  }

  /** The same pair with another name. */
  public ReferringPair withId(String other) {
    return new ReferringPair(other, image, expression, targets, kind, landmarks, mentions);
  }

  /** The same pair with another source of the same image. */
  public ReferringPair withImage(ImageSource other) {
    return new ReferringPair(id, other, expression, targets, kind, landmarks, mentions);
  }

  /** Whether the expression describes exactly one object. */
  public boolean hasOneTarget() {
    return targets.size() == 1;
  }

  /**
   * The box of the only target.
   *
   * @throws IllegalStateException when there is none, or more than one
   */
  public Box box() {
    if (!hasOneTarget()) {
      throw new IllegalStateException(id + ": found " + targets.size() + " targets, expected 1");
    }
    return targets.get(0);
  }
}
