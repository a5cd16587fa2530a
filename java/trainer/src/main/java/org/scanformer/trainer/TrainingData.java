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

  /**
   * A pair to use in place of another one of a step's pairs, whose image cannot be read: a function
   * of the arguments, so that runs can be resumed.
   *
   * @param place the pair's place in the batch
   * @param attempt 1 for the first replacement of that place, and on
   * @return null if there is none
   */
  default ReferringPair replacement(long step, int place, int attempt) {
    return null;
  }

  /** The name of the data, for reports. */
  String name();
}
