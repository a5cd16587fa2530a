package org.scanformer.video;

import java.util.Locale;
import org.scanformer.Box;

/** How well the boxes of an object, frame after frame, fit its true ones. */
final class Fit {
  private double overlap;
  private int frames;
  private int steps;
  private double jitter;
  private double largestStep;
  private double largestRatio;
  private long patches;
  private Box lastTrue;
  private Box lastBox;

  /** Adds the next frame. */
  void add(Box truth, Box box, int patchesUsed) {
    overlap += box == null ? 0 : truth.intersectionOverUnion(box);
    patches += patchesUsed;
    frames++;
    if (lastBox != null && box != null) {
      double dx = box.centerX() - lastBox.centerX();
      double dy = box.centerY() - lastBox.centerY();
      double ownX = truth.centerX() - lastTrue.centerX();
      double ownY = truth.centerY() - lastTrue.centerY();
      double step = Math.hypot(dx, dy);
      steps++;
      jitter += Math.hypot(dx - ownX, dy - ownY);
      largestStep = Math.max(largestStep, step);
      largestRatio = Math.max(largestRatio, step / Math.hypot(ownX, ownY));
    }
    lastTrue = truth;
    lastBox = box;
  }

  /** Forgets all frames but where the last one's boxes are. */
  void clear() {
    overlap = 0;
    frames = 0;
    steps = 0;
    jitter = 0;
    largestStep = 0;
    largestRatio = 0;
    patches = 0;
  }

  /** The mean intersection over union; 0 in frames without a box. */
  double overlap() {
    return overlap / frames;
  }

  /** The longest way of the centre from a frame to the next, in pixels. */
  double largestStep() {
    return largestStep;
  }

  /** The largest ratio of the centre's way to the object's own. */
  double largestRatio() {
    return largestRatio;
  }

  /** By how much the centre's way differs from the object's own, on average, in pixels. */
  double jitter() {
    return jitter / steps;
  }

  /** Patches that the model looked at in a frame, on average. */
  double patches() {
    return (double) patches / frames;
  }

  /** A row of a table: overlap, largest step, ratio, jitter and patches a frame. */
  String row(String name) {
    return String.format(
        Locale.ROOT,
        "| %s | %.3f | %.1f px | %.2f | %.2f px | %.1f |",
        name,
        overlap(),
        largestStep,
        largestRatio,
        jitter(),
        patches());
  }
}
