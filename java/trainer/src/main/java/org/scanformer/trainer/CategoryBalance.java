package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.scanformer.datasets.ReferringDataset;

/**
 * Which pairs of a dataset an epoch uses: of frequent categories a part, in each epoch another one.
 * Pairs whose target's category is not known are all used. Immutable.
 */
final class CategoryBalance {
  private final List<int[]> pairs = new ArrayList<>();
  private final List<Integer> used = new ArrayList<>();

  /**
   * A balance.
   *
   * @param indices of the pairs
   * @param strength 0 to use all, 1 to use no more of a category than of the median one; between,
   *     of one that is n times as frequent as the median, n^−strength of its pairs
   */
  CategoryBalance(ReferringDataset dataset, int[] indices, double strength) {
    Map<String, List<Integer>> byCategory = new TreeMap<>();
    List<Integer> unknown = new ArrayList<>();
    for (int index : indices) {
      String category = strength == 0 ? null : AbsentPairs.category(dataset.pair(index));
      (category == null ? unknown : byCategory.computeIfAbsent(category, key -> new ArrayList<>()))
          .add(index);
    }
    int[] counts = byCategory.values().stream().mapToInt(List::size).sorted().toArray();
    for (List<Integer> own : byCategory.values()) {
      double frequency = (double) own.size() / counts[counts.length / 2];
      add(
          own,
          frequency > 1
              ? (int) Math.ceil(own.size() * Math.pow(frequency, -strength))
              : own.size());
    }
    add(unknown, unknown.size());
  }

  private void add(List<Integer> indices, int count) {
    pairs.add(indices.stream().mapToInt(Integer::intValue).toArray());
    used.add(count);
  }

  /** Number of pairs of an epoch. */
  int size() {
    return used.stream().mapToInt(Integer::intValue).sum();
  }

  /** An epoch's pairs in random order. */
  int[] epoch(SplittableRandom random) {
    int[] epoch = new int[size()];
    int place = 0;
    for (int i = 0; i < pairs.size(); i++) {
      int[] some = Arrays.copyOf(shuffled(pairs.get(i), random), used.get(i));
      System.arraycopy(some, 0, epoch, place, some.length);
      place += some.length;
    }
    return pairs.size() == 1 ? epoch : shuffled(epoch, random);
  }

  /** A shuffled copy. */
  static int[] shuffled(int[] values, SplittableRandom random) {
    int[] order = values.clone();
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int value = order[i];
      order[i] = order[j];
      order[j] = value;
    }
    return order;
  }
}
