package org.scanformer.trainer;

import java.util.List;
import java.util.Map;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;

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

  /** The epochs of each source of files; empty for an endless stream. */
  default List<Epoch> epochs() {
    return List.of();
  }

  /**
   * An epoch of a source, in which each pair is used at most once.
   *
   * @param name of the source
   * @param pairs that an epoch takes for training, by the coarse grid of their image
   * @param batches of an epoch; the pairs of a batch share a grid
   * @param share of the run's batches that are of this source
   */
  record Epoch(String name, Map<ModelConfig.Grid, Integer> pairs, long batches, double share) {}
}
