package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Datasets one after another. The ids of their records begin alike. */
final class JoinedDataset implements ReferringDataset {
  private final String prefix;
  private final List<ReferringDataset> parts;

  /** The index of each part's first pair, and after them the number of all pairs. */
  private final int[] begins;

  /**
   * Joins datasets.
   *
   * @param prefix put before the ids of all records; may be empty
   * @param parts at least one
   */
  JoinedDataset(String prefix, List<ReferringDataset> parts) {
    this.prefix = prefix;
    this.parts = List.copyOf(parts);
    this.begins = new int[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      begins[i + 1] = Math.addExact(begins[i], parts.get(i).size());
    }
  }

  @Override
  public String name() {
    return parts.stream()
        .map(ReferringDataset::name)
        .collect(Collectors.joining(" + ", prefix, ""));
  }

  @Override
  public int size() {
    return begins[parts.size()];
  }

  @Override
  public ReferringPair pair(int index) {
    int part = Arrays.binarySearch(begins, index);
    if (part < 0) {
      part = -part - 2;
    }
    while (parts.get(part).size() == 0) {
      part++;
    }
    ReferringPair pair = parts.get(part).pair(index - begins[part]);
    return pair.withId(prefix + pair.id());
  }

  @Override
  public List<BadRecord> badRecords() {
    List<BadRecord> all = new ArrayList<>();
    for (ReferringDataset part : parts) {
      for (BadRecord bad : part.badRecords()) {
        all.add(new BadRecord(prefix + bad.id(), bad.kind(), bad.problem(), bad.records()));
      }
    }
    return List.copyOf(all);
  }

  @Override
  public List<AnnotatedImage> annotatedImages() {
    return parts.stream()
        .flatMap(part -> part.annotatedImages().stream())
        .map(
            each ->
                new AnnotatedImage(
                    prefix + each.id(), each.image(), each.uncounted(), each.nameless()))
        .toList();
  }
}
