package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.scanformer.datasets.ScoreStatistics;

/**
 * How well an evaluation's scores tell true expressions from those that are not true of their
 * image, and how well they are calibrated. Immutable.
 *
 * @param threshold the score from which on an object counts as found
 * @param trueScores scores of expressions with one target or several
 * @param absentScores scores of expressions without a target, by the kind of absence; pairs of
 *     unknown kind are under {@link #UNKNOWN_KIND}
 * @param calibration scores of all pairs by range; right is a box with an IoU of at least ½
 */
record PresenceReport(
    double threshold,
    double[] trueScores,
    Map<String, double[]> absentScores,
    List<ScoreStatistics.Bin> calibration) {
  static final String UNKNOWN_KIND = "not known";
  private static final int BINS = 10;

  /** The share of true expressions that the figures of refusal at a fixed share are for. */
  private static final double FIXED_SHARE = 0.95;

  /** A report of an evaluation, or null if its pairs have no scores. */
  static PresenceReport of(Evaluation evaluation, double threshold) {
    List<PairResult> present = new ArrayList<>(evaluation.results());
    present.addAll(evaluation.severalTargets());
    List<PairResult> all = new ArrayList<>(present);
    all.addAll(evaluation.withoutTarget());
    if (all.isEmpty() || all.stream().anyMatch(result -> Double.isNaN(result.score()))) {
      return null;
    }
    Map<String, List<PairResult>> absent = new TreeMap<>();
    for (PairResult result : evaluation.withoutTarget()) {
      String kind = result.kind() == null ? UNKNOWN_KIND : result.kind();
      absent.computeIfAbsent(kind, key -> new ArrayList<>()).add(result);
    }
    Map<String, double[]> absentScores = new TreeMap<>();
    absent.forEach((kind, results) -> absentScores.put(kind, scores(results)));
    boolean[] right = new boolean[all.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = all.get(i).targets() > 0 && all.get(i).iou() >= Evaluation.BOUNDS[0];
    }
    return new PresenceReport(
        threshold,
        scores(present),
        absentScores,
        ScoreStatistics.reliability(scores(all), right, BINS));
  }

  private static double[] scores(List<PairResult> results) {
    return results.stream().mapToDouble(PairResult::score).toArray();
  }

  /** Whether there are expressions of both sorts, so that they can be told apart. */
  boolean hasBoth() {
    return trueScores.length > 0 && !absentScores.isEmpty();
  }

  private double[] allAbsent() {
    return absentScores.values().stream().flatMapToDouble(java.util.Arrays::stream).toArray();
  }

  /** T-acc: the share of the true expressions that count as found. */
  double trueAccepted() {
    return ScoreStatistics.accepted(trueScores, threshold);
  }

  /** N-acc: the share of the expressions without a target that count as not found. */
  double absentRefused() {
    return refused(allAbsent(), threshold);
  }

  private static double refused(double[] scores, double threshold) {
    return 1 - ScoreStatistics.accepted(scores, threshold);
  }

  double areaUnderCurve() {
    return ScoreStatistics.areaUnderCurve(trueScores, allAbsent());
  }

  double calibrationError() {
    return ScoreStatistics.expectedCalibrationError(calibration);
  }

  /** Prints tables, each figure only if there are expressions that it is of. */
  void print(PrintWriter out) {
    List<String> figures = new ArrayList<>();
    if (trueScores.length > 0) {
      figures.add(String.format(Locale.ROOT, "T-acc %.3f", trueAccepted()));
    }
    if (!absentScores.isEmpty()) {
      figures.add(String.format(Locale.ROOT, "N-acc %.3f", absentRefused()));
    }
    if (hasBoth()) {
      figures.add(
          String.format(
              Locale.ROOT,
              "AUC %.3f; N-acc %.3f where T-acc is %.2f",
              areaUnderCurve(),
              refused(allAbsent(), fixedThreshold()),
              FIXED_SHARE));
    }
    out.println();
    out.printf(
        Locale.ROOT, "Found from a score of %.3f on: %s%n", threshold, String.join(", ", figures));
    absentScores.forEach(
        (kind, scores) ->
            out.printf(
                Locale.ROOT,
                "  %-18s %5d pairs  N-acc %.3f%s%n",
                kind,
                scores.length,
                refused(scores, threshold),
                hasBoth()
                    ? String.format(
                        Locale.ROOT,
                        "  AUC %.3f",
                        ScoreStatistics.areaUnderCurve(trueScores, scores))
                    : ""));
    out.println();
    out.printf(
        Locale.ROOT,
        "Expected calibration error %.3f: mean score, share of right boxes, pairs%n",
        calibrationError());
    for (ScoreStatistics.Bin bin : calibration) {
      if (bin.count() > 0) {
        out.printf(
            Locale.ROOT, "  %.3f  %.3f  %5d%n", bin.meanScore(), bin.rightShare(), bin.count());
      }
    }
  }

  /** The score that lets the fixed share of true expressions pass. */
  private double fixedThreshold() {
    return ScoreStatistics.thresholdAccepting(trueScores, FIXED_SHARE);
  }

  private void addKind(ObjectNode node, double[] scores) {
    node.put("pairs", scores.length).put("n_acc", refused(scores, threshold));
    if (hasBoth()) {
      node.put("n_acc_at_t_acc_0.95", refused(scores, fixedThreshold()))
          .put("auc", ScoreStatistics.areaUnderCurve(trueScores, scores));
    }
  }

  ObjectNode toJson() {
    ObjectNode node = LocationJson.object().put("found_threshold", threshold);
    if (trueScores.length > 0) {
      node.put("t_acc", trueAccepted());
    }
    if (!absentScores.isEmpty()) {
      node.put("n_acc", absentRefused());
      ObjectNode kinds = node.putObject("by_kind");
      absentScores.forEach((kind, scores) -> addKind(kinds.putObject(kind), scores));
    }
    if (hasBoth()) {
      node.put("auc", areaUnderCurve())
          .put("n_acc_at_t_acc_0.95", refused(allAbsent(), fixedThreshold()));
    }
    node.put("calibration_error", calibrationError());
    ArrayNode bins = node.putArray("calibration");
    for (ScoreStatistics.Bin bin : calibration) {
      if (bin.count() > 0) {
        bins.addObject()
            .put("mean_score", bin.meanScore())
            .put("right_share", bin.rightShare())
            .put("pairs", bin.count());
      }
    }
    return node;
  }
}
