package org.scanformer.video;

import org.scanformer.Box;

/**
 * Where a tracker takes an expression's object to be in a frame. Immutable.
 *
 * @param text the expression
 * @param box in pixels of the frame, smoothed; null when the object is lost
 * @param measured the box that the model gave for this frame alone, in pixels
 * @param score of the measured box, as {@link org.scanformer.Location#score()}
 * @param completedScales the scales that the model ran for it
 * @param patches the patches that it looked at, of all scales
 * @param guided whether it looked around the last box only, in the finer scales
 * @param nanos what it took
 */
public record Track(
    String text,
    Box box,
    Box measured,
    float score,
    int completedScales,
    int patches,
    boolean guided,
    long nanos) {
  /** Whether the object is taken to be there. */
  public boolean found() {
    return box != null;
  }
}
