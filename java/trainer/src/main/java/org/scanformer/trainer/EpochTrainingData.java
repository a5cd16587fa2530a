package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;

/**
 * A dataset's pairs in batches that share a coarse grid, in another order in each epoch. Pairs that
 * do not fill a batch in one epoch may be used in the next. Thread-safe.
 */
final class EpochTrainingData implements TrainingData {
  private final ReferringDataset dataset;
  private final AbsentPairs mixture;
  private final double absentShare;
  private final double balance;
  private final Augmentation augmentation;
  private final int batchSize;
  private final long seed;
  private final List<int[]> byGrid = new ArrayList<>();
  private final List<CategoryBalance> balances;
  private final Map<ModelConfig.Grid, Integer> pairsByGrid = new LinkedHashMap<>();
  private final long batchesPerEpoch;

  /**
   * Batches of a dataset.
   *
   * @param absentShare of expressions that are not true of their image, see {@link AbsentPairs}
   * @param balance of categories, 0 to 1, see {@link CategoryBalance}
   * @param augmentation changes the pairs
   */
  EpochTrainingData(
      ReferringDataset dataset,
      ModelConfig config,
      int batchSize,
      long seed,
      double absentShare,
      double balance,
      Augmentation augmentation) {
    this.dataset = dataset;
    this.mixture = new AbsentPairs(dataset, absentShare);
    this.absentShare = absentShare;
    this.balance = balance;
    this.augmentation = augmentation;
    this.batchSize = batchSize;
    this.seed = seed;
    Map<ModelConfig.Grid, List<Integer>> grids = new LinkedHashMap<>();
    int usable = 0;
    for (int i = 0; i < dataset.size(); i++) {
      if (!mixture.usable(dataset.pair(i))) {
        continue;
      }
      usable++;
      var image = dataset.pair(i).image();
      grids
          .computeIfAbsent(
              config.coarseGrid(image.width(), image.height()), grid -> new ArrayList<>())
          .add(i);
    }
    for (List<Integer> pairs : grids.values()) {
      byGrid.add(pairs.stream().mapToInt(Integer::intValue).toArray());
    }
    balances = CategoryBalance.of(dataset, byGrid, balance);
    Iterator<CategoryBalance> used = balances.iterator();
    grids.keySet().forEach(grid -> pairsByGrid.put(grid, used.next().size()));
    batchesPerEpoch = balances.stream().mapToLong(each -> each.size() / batchSize).sum();
    if (batchesPerEpoch == 0) {
      throw new IllegalArgumentException(
          dataset.name()
              + ": "
              + usable
              + " usable pairs found"
              + (balance > 0
                  ? ", of which an epoch with balance " + balance + " takes " + sum(pairsByGrid)
                  : "")
              + ", expected at least "
              + batchSize
              + " with images of one coarse grid for a batch");
    }
  }

  private static int sum(Map<ModelConfig.Grid, Integer> counts) {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  public String name() {
    return dataset.name()
        + (absentShare > 0 ? ", absent " + absentShare : "")
        + (balance > 0 ? ", balance " + balance : "")
        + augmentation.without();
  }

  @Override
  public List<Epoch> epochs() {
    return List.of(new Epoch(dataset.name(), Map.copyOf(pairsByGrid), batchesPerEpoch, 1));
  }

  @Override
  public List<ReferringPair> batch(long step, double progress) {
    SplittableRandom changes = new SplittableRandom(seed * 31 + step);
    List<ReferringPair> pairs = new ArrayList<>();
    for (int index : indices(step)) {
      pairs.add(augmentation.augment(mixture.pair(index, changes), changes));
    }
    return pairs;
  }

  /** The pairs that follow in the group of the same grid, in the order of the dataset. */
  @Override
  public ReferringPair replacement(long step, int place, int attempt) {
    int index = indices(step)[place];
    for (int[] pairs : byGrid) {
      int at = Arrays.binarySearch(pairs, index);
      if (at >= 0) {
        if (attempt >= pairs.length) {
          return null;
        }
        SplittableRandom changes = new SplittableRandom((seed * 31 + step) * 31 + place);
        return augmentation.augment(dataset.pair(pairs[(at + attempt) % pairs.length]), changes);
      }
    }
    return null;
  }

  /** The numbers of a step's pairs. */
  private int[] indices(long step) {
    long epoch = step / batchesPerEpoch;
    SplittableRandom random = new SplittableRandom(seed + 0x9e3779b97f4a7c15L * (epoch + 1));
    List<int[]> batches = new ArrayList<>();
    for (CategoryBalance balance : balances) {
      int[] order = balance.epoch(random);
      for (int i = 0; i + batchSize <= order.length; i += batchSize) {
        batches.add(Arrays.copyOfRange(order, i, i + batchSize));
      }
    }
    int[] places = new int[batches.size()];
    Arrays.setAll(places, i -> i);
    return batches.get(CategoryBalance.shuffled(places, random)[(int) (step % batchesPerEpoch)]);
  }
}
