package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * Pairs of a dataset that are judged apart from those of others.
 *
 * @param name of the dataset
 * @param pairs at least one
 */
record HeldOut(String name, List<ReferringPair> pairs) {
  static final long SEED = 1;

  /**
   * Pairs spread evenly over a dataset, as neighbours belong to one image.
   *
   * @param absent the share of expressions to replace by untrue ones; drawn scenes have their own
   * @throws IllegalArgumentException when no pair has a target
   */
  static HeldOut of(ReferringDataset dataset, double absent, int most) {
    boolean drawn = dataset instanceof org.scanformer.datasets.ShapesDataset;
    AbsentPairs mixture =
        drawn ? new AbsentPairs(dataset, 0) : new AbsentPairs(DescribedObjects.of(dataset), absent);
    SplittableRandom random = new SplittableRandom(SEED);
    List<ReferringPair> usable = new ArrayList<>();
    boolean anyTarget = false;
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = mixture.pair(i, random);
      if (pair.hasOneTarget() || absent > 0 && pair.targets().isEmpty()) {
        usable.add(pair);
        anyTarget |= pair.hasOneTarget();
      }
    }
    if (!anyTarget) {
      throw new IllegalArgumentException(
          dataset.name() + ": no held-out pair with one target found, expected at least 1");
    }
    List<ReferringPair> pairs = new ArrayList<>();
    int count = Math.min(most, usable.size());
    for (int i = 0; i < count; i++) {
      pairs.add(usable.get((int) ((long) i * usable.size() / count)));
    }
    return new HeldOut(dataset.name(), List.copyOf(pairs));
  }
}
