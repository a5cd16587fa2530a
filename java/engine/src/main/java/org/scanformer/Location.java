package org.scanformer;

import java.util.List;

/**
 * The answer to one request.
 *
 * @param box where the object is, in pixels
 * @param normalizedBox the same, relative to the image
 * @param score the predicted IoU of the box, 0 to 1; NaN where the model has no score head
 * @param schedule the schedule that was run
 * @param backend the device family that it ran on
 * @param precision the precision that it ran in
 * @param scales one entry a scale, from the coarsest on
 * @param timings where the time went
 */
public record Location(
    Box box,
    NormalizedBox normalizedBox,
    float score,
    Schedule schedule,
    BackendKind backend,
    Precision precision,
    List<ScaleResult> scales,
    Timings timings) {
  /** Copies the list. */
  public Location {
    scales = List.copyOf(scales);
  }
}
