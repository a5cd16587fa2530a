package org.scanformer.trainer;

import java.util.List;
import org.scanformer.datasets.ReferringPair;

/** Chooses the pairs of each batch as a function of the step, so that runs can be resumed. */
interface TrainingData {
  /**
   * The pairs of a step; their images share a coarse grid.
   *
   * @param progress of the whole run, 0 to 1
   */
  List<ReferringPair> batch(long step, double progress);

  /** The name of the data, for reports. */
  String name();
}
