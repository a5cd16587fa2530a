package org.scanformer.trainer;

import java.util.List;
import org.scanformer.datasets.ReferringPair;

/** Which pairs make up a step's batch: a function of the step, so that a resumed run goes on. */
interface TrainingData {
  /**
   * The pairs of a step; their images share a coarse grid.
   *
   * @param progress of the whole run, 0 to 1
   */
  List<ReferringPair> batch(long step, double progress);

  /** What it is, for reports. */
  String name();
}
