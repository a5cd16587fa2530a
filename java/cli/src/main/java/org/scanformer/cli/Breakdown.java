package org.scanformer.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.scanformer.NormalizedBox;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.Wording;

/**
 * Results by the target's category and by the expression's wording, with what baselines that do not
 * look at the image get on the same pairs. Pairs without one target are left out, as in all figures
 * of accuracy. Not thread-safe.
 */
final class Breakdown {
  private static final NormalizedBox WHOLE_IMAGE = new NormalizedBox(0.5f, 0.5f, 1, 1);

  private final List<Judged> judged = new ArrayList<>();
  private MeanBox mean;

  private record Judged(PairFacts facts, PairResult result) {}

  /** Adds a pair's result. */
  void add(ReferringPair pair, PairResult result) {
    if (pair.hasOneTarget()) {
      judged.add(new Judged(PairFacts.of(pair), result));
    }
  }

  /** Sets the mean box of data to train on, in place of that of the pairs judged. */
  void setMean(MeanBox trained) {
    mean = trained;
  }

  boolean isEmpty() {
    return judged.isEmpty();
  }

  /** The mean box that is a baseline; without other data, that of the pairs judged. */
  MeanBox mean() {
    return mean != null
        ? mean
        : MeanBox.of(
            judged.stream().map(each -> each.facts.target()).toList(), "of the pairs judged");
  }

  /**
   * Figures of some pairs. Baselines are shares of the pairs whose box has an IoU of at least ½.
   *
   * @param pairs how many, at least one
   * @param accuracy the model's share of such pairs, by scale
   * @param selectedShare mean share of the patches that were selected, by scale
   * @param wholeImage the baseline of the whole image
   * @param meanBox the baseline of {@link Breakdown#mean()}
   * @param largest the baseline of the largest of the data's boxes of the target's category; NaN if
   *     no pair has one
   * @param largestPairs the pairs that have one
   */
  record Group(
      int pairs,
      double[] accuracy,
      double[] selectedShare,
      double wholeImage,
      double meanBox,
      double largest,
      int largestPairs) {
    /** Accuracy of the last scale. */
    double lastAccuracy() {
      return accuracy[accuracy.length - 1];
    }

    /** Share of the last scale's patches. */
    double lastShare() {
      return selectedShare[selectedShare.length - 1];
    }
  }

  /** All pairs; at least one must have been added. */
  Group all() {
    return group(judged, mean().box());
  }

  /** By the group of the target's category, the largest first; pairs without one are left out. */
  Map<String, Group> byCategory() {
    Map<String, List<Judged>> lists = new TreeMap<>();
    for (Judged each : judged) {
      if (each.facts.category() != null) {
        lists.computeIfAbsent(each.facts.category(), key -> new ArrayList<>()).add(each);
      }
    }
    Map<String, Group> groups = new LinkedHashMap<>();
    NormalizedBox constant = judged.isEmpty() ? null : mean().box();
    lists.entrySet().stream()
        .sorted(Comparator.comparing(entry -> -entry.getValue().size()))
        .forEach(entry -> groups.put(entry.getKey(), group(entry.getValue(), constant)));
    return groups;
  }

  /** By wording, a pair in each of its own; wordings of no pair are left out. */
  Map<String, Group> byWording() {
    Map<String, Group> groups = new LinkedHashMap<>();
    for (Wording wording : Wording.values()) {
      List<Judged> list =
          judged.stream().filter(each -> each.facts.wordings().contains(wording)).toList();
      if (!list.isEmpty()) {
        groups.put(wording.label(), group(list, mean().box()));
      }
    }
    return groups;
  }

  private static Group group(List<Judged> list, NormalizedBox constant) {
    int scales = list.get(0).result.scales().size();
    double[] accuracy = new double[scales];
    double[] shares = new double[scales];
    for (int s = 0; s < scales; s++) {
      int scale = s;
      accuracy[s] = share(list, each -> each.result.scales().get(scale).iou());
      shares[s] =
          list.stream()
              .map(each -> each.result.scales().get(scale))
              .mapToDouble(each -> (double) each.selected() / each.total())
              .average()
              .orElseThrow();
    }
    List<Judged> known = list.stream().filter(each -> each.facts.largest() != null).toList();
    return new Group(
        list.size(),
        accuracy,
        shares,
        share(list, each -> each.facts.target().intersectionOverUnion(WHOLE_IMAGE)),
        share(list, each -> each.facts.target().intersectionOverUnion(constant)),
        share(known, each -> each.facts.target().intersectionOverUnion(each.facts.largest())),
        known.size());
  }

  /** Share of pairs with an IoU of at least ½; NaN of none. */
  private static double share(List<Judged> list, ToDoubleFunction<Judged> iou) {
    return list.stream()
        .mapToDouble(each -> iou.applyAsDouble(each) >= Evaluation.BOUNDS[0] ? 1 : 0)
        .average()
        .orElse(Double.NaN);
  }
}
