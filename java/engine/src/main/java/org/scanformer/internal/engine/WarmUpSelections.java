package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;

/**
 * Numbers of patches to select that lead a single image through all sizes of work there are, which
 * a backend that records work meets once before anything waits for it.
 */
final class WarmUpSelections {
  private final ModelConfig config;
  private final Backend backend;
  private final int maxPatches;
  private final ModelConfig.Grid coarse;

  private WarmUpSelections(
      ModelConfig config, Backend backend, int maxPatches, ModelConfig.Grid coarse) {
    this.config = config;
    this.backend = backend;
    this.maxPatches = maxPatches;
    this.coarse = coarse;
  }

  /**
   * The best patches of each scale to select, one run after another; none for a backend that
   * records nothing.
   *
   * @param maxPatches the most that are selected of a scale beyond the coarsest
   * @param coarse the coarsest grid of the images
   */
  static int[] of(ModelConfig config, Backend backend, int maxPatches, ModelConfig.Grid coarse) {
    if (!backend.recordsWork()) {
      return new int[0];
    }
    WarmUpSelections selections = new WarmUpSelections(config, backend, maxPatches, coarse);
    Set<List<Integer>> met = new HashSet<>();
    List<Integer> selected = new ArrayList<>();
    int finest = Math.min(selections.patches(config.numScales() - 1), maxPatches);
    for (int k = finest; k >= 0; k--) {
      if (met.addAll(selections.sizes(k))) {
        selected.add(k);
      }
    }
    return selected.stream().mapToInt(Integer::intValue).toArray();
  }

  private int patches(int scale) {
    return coarse.rows() * coarse.cols() << 2 * scale;
  }

  /** Each scale's patches and rows as they are launched, and the rows of all. */
  private Set<List<Integer>> sizes(int k) {
    Set<List<Integer>> sizes = new HashSet<>();
    int selected = patches(0);
    int all = 1 + selected;
    for (int s = 1; s < config.numScales(); s++) {
      selected = Math.min(Math.min(k, maxPatches), 4 * selected);
      int rows = 1 + selected + (selected < patches(s) ? 1 : 0);
      sizes.add(List.of(s, backend.passRows(selected), backend.passRows(rows)));
      all += rows;
    }
    sizes.add(List.of(backend.passRows(all)));
    return sizes;
  }
}
