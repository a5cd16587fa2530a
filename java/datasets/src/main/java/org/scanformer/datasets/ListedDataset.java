package org.scanformer.datasets;

import java.util.List;

/**
 * A dataset that is in memory as a whole, except for its images.
 *
 * @param name for reports
 * @param pairs the usable records
 * @param badRecords the others
 */
record ListedDataset(String name, List<ReferringPair> pairs, List<BadRecord> badRecords)
    implements ReferringDataset {
  /** Copies the lists. */
  ListedDataset {
    pairs = List.copyOf(pairs);
    badRecords = List.copyOf(badRecords);
  }

  @Override
  public int size() {
    return pairs.size();
  }

  @Override
  public ReferringPair pair(int index) {
    return pairs.get(index);
  }
}
