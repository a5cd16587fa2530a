package org.scanformer.datasets;

/**
 * The parts of the drawn scenes. No scene of one part is a scene of another one, whatever the
 * seeds: a part's number is the top of each of its scenes' seeds.
 */
public enum Split {
  /** For training. */
  TRAIN,
  /** For choices made while training, such as the selection threshold. */
  VALIDATION,
  /** For judging alone. */
  TEST
}
