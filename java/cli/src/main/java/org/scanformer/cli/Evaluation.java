package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.scanformer.datasets.BadRecord;

/** The figures of a dataset from its pairs' results. Not thread-safe. */
final class Evaluation {
  static final double[] BOUNDS = {0.5, 0.7, 0.9};

  private final List<PairResult> results = new ArrayList<>();
  private final List<PairResult> withoutTarget = new ArrayList<>();
  private final List<PairResult> severalTargets = new ArrayList<>();
  private final List<BadRecord> badRecords = new ArrayList<>();
  private long modelNanos;
  private int timedPairs;

  /** Adds a result; pairs without a target and with several are counted apart. */
  void add(PairResult result) {
    List<PairResult> list =
        switch (result.targets()) {
          case 0 -> withoutTarget;
          case 1 -> results;
          default -> severalTargets;
        };
    list.add(result);
  }

  /** Number of pairs of any kind. */
  int pairs() {
    return results.size() + withoutTarget.size() + severalTargets.size();
  }

  /** Results of pairs whose expression is not true of the image. */
  List<PairResult> withoutTarget() {
    return withoutTarget;
  }

  /** Results of pairs whose expression speaks of several objects; IoU with the best of them. */
  List<PairResult> severalTargets() {
    return severalTargets;
  }

  /** Mean score of the last scale; NaN if the model has none or there are no results. */
  static double meanScore(List<PairResult> results) {
    return results.stream().mapToDouble(PairResult::score).average().orElse(Double.NaN);
  }

  /** Share of results whose last box has an IoU of at least 0.5 with a target. */
  static double share(List<PairResult> results) {
    return results.stream().mapToDouble(r -> r.iou() >= BOUNDS[0] ? 1 : 0).average().orElse(0);
  }

  void addBad(BadRecord record) {
    badRecords.add(record);
  }

  /** Adds the time that the model took for a number of pairs, without reading their images. */
  void addTime(long nanos, int pairs) {
    modelNanos += nanos;
    timedPairs += pairs;
  }

  /** Results of pairs with one target, which all figures of accuracy are of. */
  List<PairResult> results() {
    return results;
  }

  List<BadRecord> badRecords() {
    return badRecords;
  }

  int scales() {
    return results.isEmpty() ? 0 : results.get(0).scales().size();
  }

  /** Share of the pairs whose box at a scale has an IoU of at least a bound. */
  double accuracy(int scale, double bound) {
    return results.stream().filter(r -> r.scales().get(scale).iou() >= bound).count()
        / (double) results.size();
  }

  double meanIou(int scale) {
    return results.stream().mapToDouble(r -> r.scales().get(scale).iou()).average().orElse(0);
  }

  /** Mean over the pairs of the share of a scale's patches that were selected. */
  double selectedShare(int scale) {
    return results.stream()
        .mapToDouble(r -> (double) r.scales().get(scale).selected() / r.scales().get(scale).total())
        .average()
        .orElse(0);
  }

  /** Share of all patches of all scales that were selected. */
  double selectedShare() {
    long selected = 0;
    long total = 0;
    for (PairResult result : results) {
      for (PairResult.Scale scale : result.scales()) {
        selected += scale.selected();
        total += scale.total();
      }
    }
    return (double) selected / total;
  }

  /** Pairs per second of the model's time; NaN if none was measured. */
  double pairsPerSecond() {
    return timedPairs == 0 ? Double.NaN : timedPairs * 1e9 / modelNanos;
  }

  /** Number of pairs and accuracy at 0.5 by kind; pairs of unknown kind are left out. */
  Map<String, double[]> byKind() {
    Map<String, double[]> kinds = new TreeMap<>();
    for (PairResult result : results) {
      if (result.kind() != null) {
        double[] counts = kinds.computeIfAbsent(result.kind(), kind -> new double[2]);
        counts[0]++;
        counts[1] += result.scales().get(scales() - 1).iou() >= BOUNDS[0] ? 1 : 0;
      }
    }
    kinds.values().forEach(counts -> counts[1] /= counts[0]);
    return kinds;
  }

  ObjectNode toJson() {
    ObjectNode root = LocationJson.object().put("pairs", results.size());
    if (!results.isEmpty()) {
      int last = scales() - 1;
      ObjectNode accuracy = root.putObject("accuracy");
      for (double bound : BOUNDS) {
        accuracy.put(Double.toString(bound), accuracy(last, bound));
      }
      root.put("mean_iou", meanIou(last));
      ArrayNode scales = root.putArray("scales");
      for (int s = 0; s <= last; s++) {
        scales
            .addObject()
            .put("scale", s)
            .put("accuracy_0.5", accuracy(s, BOUNDS[0]))
            .put("mean_iou", meanIou(s))
            .put("selected_share", selectedShare(s));
      }
      root.put("selected_share", selectedShare());
      if (timedPairs > 0) {
        root.put("pairs_per_second", pairsPerSecond());
      }
      ObjectNode kinds = root.putObject("by_kind");
      byKind()
          .forEach(
              (kind, counts) ->
                  kinds
                      .putObject(kind)
                      .put("pairs", (int) counts[0])
                      .put("accuracy_0.5", counts[1]));
      ObjectNode exits = root.putObject("early_exit");
      for (EarlyExit.Rule rule : EarlyExit.Rule.values()) {
        ArrayNode points = exits.putArray(rule.label());
        for (EarlyExit.Point point : EarlyExit.curve(rule, results)) {
          points
              .addObject()
              .put("bound", point.bound())
              .put("accuracy_0.5", point.accuracy())
              .put("mean_cost", point.meanCost());
        }
      }
    }
    if (!withoutTarget.isEmpty()) {
      ObjectNode node = root.putObject("without_target").put("pairs", withoutTarget.size());
      double score = meanScore(withoutTarget);
      node.put("mean_score", Double.isNaN(score) ? null : (Double) score);
    }
    if (!severalTargets.isEmpty()) {
      root.putObject("several_targets")
          .put("pairs", severalTargets.size())
          .put("accuracy_0.5_any", share(severalTargets));
    }
    ArrayNode bad = root.putArray("bad_records");
    for (BadRecord record : badRecords) {
      bad.addObject()
          .put("id", record.id())
          .put("problem", record.problem())
          .put("records", record.records());
    }
    return root;
  }
}
