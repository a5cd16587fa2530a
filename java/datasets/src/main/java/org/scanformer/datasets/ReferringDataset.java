package org.scanformer.datasets;

import java.util.List;

/** Pairs of images and expressions with their true boxes. Thread-safe. */
public interface ReferringDataset {
  /** The dataset, its split and whatever else determines its contents, for reports. */
  String name();

  /** Number of usable pairs. */
  int size();

  /**
   * A pair.
   *
   * @param index 0 to size() - 1; the same index always gives an equal pair
   */
  ReferringPair pair(int index);

  /** The records that are not usable, in the order of the files. */
  List<BadRecord> badRecords();

  /** The images whose objects are known with their categories; empty if the data has none. */
  default List<AnnotatedImage> annotatedImages() {
    return List.of();
  }
}
