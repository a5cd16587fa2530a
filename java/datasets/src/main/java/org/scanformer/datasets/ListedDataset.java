package org.scanformer.datasets;

import java.util.List;

/**
 * A dataset that is in memory as a whole, except for its images.
 *
 * @param name for reports
 * @param pairs the usable records
 * @param badRecords the others
 * @param annotatedImages those whose objects are known
 */
record ListedDataset(
    String name,
    List<ReferringPair> pairs,
    List<BadRecord> badRecords,
    List<AnnotatedImage> annotatedImages)
    implements ReferringDataset {
  /** Copies the lists. */
  ListedDataset {
    pairs = List.copyOf(pairs);
    badRecords = List.copyOf(badRecords);
    annotatedImages = List.copyOf(annotatedImages);
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
