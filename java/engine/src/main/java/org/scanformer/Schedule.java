package org.scanformer;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The order in which the scales run through the encoder. Both give the same answer, to rounding.
 */
public enum Schedule {
  /** Each scale runs through all layers before the next starts, so every scale has a box. */
  @JsonProperty("per-scale")
  PER_SCALE,
  /**
   * Every scale runs through only the first half, which is all that selection needs, and then all
   * tokens at once through the second half. About half the weight traffic; only the last scale has
   * a box.
   */
  @JsonProperty("final-only")
  FINAL_ONLY
}
