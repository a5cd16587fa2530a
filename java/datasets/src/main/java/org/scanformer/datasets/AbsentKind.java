package org.scanformer.datasets;

/** Why an expression is not true of a drawn scene, by the names that pairs carry. */
enum AbsentKind {
  /** It is true of another scene. */
  OTHER_PICTURE("other picture"),

  /** Nothing in the scene has the form. */
  FORM_ABSENT("form absent"),

  /** Colour and form are in the scene, but no object has both. */
  NOT_TOGETHER("not together"),

  /** A true expression with another size, colour or form. */
  ATTRIBUTE_SWAPPED("attribute swapped"),

  /** It relates an object to one that is not in the scene. */
  LANDMARK_ABSENT("landmark absent"),

  /** Both objects are in the scene, the other way round. */
  WRONG_SIDE("wrong side"),

  /** It names something that is never drawn, with a word that a model may or may not know. */
  UNKNOWN_WORD("unknown word");

  final String label;

  AbsentKind(String label) {
    this.label = label;
  }
}
