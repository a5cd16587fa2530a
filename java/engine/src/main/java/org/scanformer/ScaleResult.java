package org.scanformer;

/**
 * What happened at one scale.
 *
 * @param scale 0 is the coarsest
 * @param mask the grid of this scale and its selected patches
 * @param box the box after this scale; null where the schedule gives none (see {@link Schedule})
 * @param score the predicted IoU of that box, 0 to 1; NaN where there is no box or the model has no
 *     score head
 * @param nanos time spent on this scale, nanoseconds; the second half of the encoder is in it under
 *     {@link Schedule#PER_SCALE} only. Requests of one batch share it. On a GPU under {@link
 *     Schedule#FINAL_ONLY} the host does not wait for the finest scale, whose time is then part of
 *     {@link Timings#finalPass()}.
 */
public record ScaleResult(int scale, PatchMask mask, NormalizedBox box, float score, long nanos) {}
