package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.scanformer.datasets.CategoryKin;
import org.scanformer.datasets.ReferringDataset;

/**
 * Which pairs of a group an epoch uses: of categories that are frequent in the dataset a part, in
 * each epoch another one. Pairs whose target's category is not known are all used. Immutable.
 */
final class CategoryBalance {
  private final List<int[]> pairs = new ArrayList<>();
  private final List<Integer> used = new ArrayList<>();

  private CategoryBalance() {}

  /**
   * The balance of each group, by how frequent categories are in all of them.
   *
   * @param groups the indices of each group's pairs
   * @param strength 0 to use all, 1 to use no more of a category than of the median one, the rarer
   *     of two; between, of one that is n times as frequent as the median, n^−strength of its pairs
   */
  static List<CategoryBalance> of(ReferringDataset dataset, List<int[]> groups, double strength) {
    List<Map<String, List<Integer>>> known = new ArrayList<>();
    List<CategoryBalance> balances = new ArrayList<>();
    Map<String, Integer> all = new TreeMap<>();
    for (int[] group : groups) {
      Map<String, List<Integer>> own = new TreeMap<>();
      List<Integer> unknown = new ArrayList<>();
      for (int index : group) {
        String category = strength == 0 ? null : AbsentPairs.category(dataset.pair(index));
        if (category == null) {
          unknown.add(index);
        } else {
          own.computeIfAbsent(CategoryKin.folded(category), key -> new ArrayList<>()).add(index);
        }
      }
      own.forEach((category, indices) -> all.merge(category, indices.size(), Integer::sum));
      known.add(own);
      CategoryBalance balance = new CategoryBalance();
      balance.add(unknown, unknown.size());
      balances.add(balance);
    }
    int[] counts = all.values().stream().mapToInt(Integer::intValue).sorted().toArray();
    for (int i = 0; i < balances.size(); i++) {
      CategoryBalance balance = balances.get(i);
      known
          .get(i)
          .forEach(
              (category, indices) -> {
                double frequency = (double) all.get(category) / counts[(counts.length - 1) / 2];
                double share = Math.min(1, Math.pow(frequency, -strength));
                balance.add(indices, (int) Math.ceil(indices.size() * share));
              });
    }
    return balances;
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
