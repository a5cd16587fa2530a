package org.scanformer.datasets;

/**
 * The splits of the drawn scenes. No scene is in two splits, whatever the seeds: the number of a
 * split forms the top bits of each of its scenes' seeds.
 */
public enum Split {
  /** For training. */
  TRAIN,
  /** For choices made while training, such as the selection threshold. */
  VALIDATION,
  /** Only for evaluation. */
  TEST
}
