package org.scanformer.datasets;

/** The kinds of true expressions of drawn scenes, by the names that pairs carry. */
enum ExpressionKind {
  ATTRIBUTE("attribute"),
  LEFT("left"),
  RIGHT("right"),
  ABOVE("above"),
  BELOW("below"),
  LEFTMOST("leftmost"),
  RIGHTMOST("rightmost"),
  TOPMOST("topmost"),
  BOTTOMMOST("bottommost"),
  LARGEST("largest"),
  SMALLEST("smallest");

  final String label;

  ExpressionKind(String label) {
    this.label = label;
  }

  boolean isRelation() {
    return ordinal() >= LEFT.ordinal() && ordinal() <= BELOW.ordinal();
  }

  /** The relation that holds the other way; relations only. */
  ExpressionKind opposite() {
    return switch (this) {
      case LEFT -> RIGHT;
      case RIGHT -> LEFT;
      case ABOVE -> BELOW;
      case BELOW -> ABOVE;
      default -> throw new IllegalStateException(this + " is not a relation");
    };
  }

  /**
   * How far an object is to the side of this kind, in pixels from the image's corner, or its size
   * where the kind is about size; more is further.
   */
  double measure(SceneObject object) {
    return switch (this) {
      case LEFT, LEFTMOST -> -object.centerX();
      case RIGHT, RIGHTMOST -> object.centerX();
      case ABOVE, TOPMOST -> -object.centerY();
      case BELOW, BOTTOMMOST -> object.centerY();
      case LARGEST -> object.side();
      case SMALLEST -> 1 / object.side();
      case ATTRIBUTE -> 0;
    };
  }
}
