package org.scanformer.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.scanformer.ScanFormer;
import org.scanformer.datasets.BadRecord;

/**
 * The figures of an evaluation as text.
 *
 * @param data the name of the data
 * @param breakdown of the same pairs
 * @param presence the figures of scores; null where there are none
 * @param batch pairs per batch
 */
record EvalReport(
    String data,
    Evaluation evaluation,
    Breakdown breakdown,
    PresenceReport presence,
    ScanFormer model,
    int batch) {
  /** Pairs without one target, which the figures of accuracy leave out. */
  private void printApart(PrintWriter out) {
    List<PairResult> none = evaluation.withoutTarget();
    List<PairResult> several = evaluation.severalTargets();
    if (!none.isEmpty()) {
      out.println();
      double score = Evaluation.meanScore(none);
      out.printf(
          Locale.ROOT,
          "Without a target: %d pairs%s%n",
          none.size(),
          Double.isNaN(score) ? "" : String.format(Locale.ROOT, ", mean score %.3f", score));
    }
    if (!several.isEmpty()) {
      out.println();
      out.printf(
          Locale.ROOT,
          "With several targets: %d pairs, %.3f of the boxes have an IoU of at least 0.5 with one%n",
          several.size(),
          Evaluation.share(several));
    }
  }

  /** What rules leave out is so common that each rule gets one line. */
  private static void printRules(PrintWriter out, List<BadRecord> bad) {
    for (BadRecord.Kind kind : BadRecord.Kind.values()) {
      List<BadRecord> records = bad.stream().filter(record -> record.kind() == kind).toList();
      if (kind.isRule() && !records.isEmpty()) {
        BadRecord first = records.get(0);
        out.printf(
            Locale.ROOT,
            "  %d %s, such as %s: %s%n",
            records.stream().mapToInt(BadRecord::records).sum(),
            kind.words(),
            first.id(),
            first.problem());
      }
    }
  }

  void print(PrintWriter out) {
    List<PairResult> results = evaluation.results();
    out.println(data + ": " + results.size() + " pairs");
    if (!results.isEmpty()) {
      int last = evaluation.scales() - 1;
      out.println();
      out.println("scale  Acc@0.5  mean IoU  patches selected");
      for (int s = 0; s <= last; s++) {
        out.printf(
            Locale.ROOT,
            "%5d  %7.3f  %8.3f  %5.1f %%%n",
            s,
            evaluation.accuracy(s, Evaluation.BOUNDS[0]),
            evaluation.meanIou(s),
            100 * evaluation.selectedShare(s));
      }
      out.println();
      out.printf(
          Locale.ROOT,
          "Acc@0.5 %.3f, Acc@0.7 %.3f, Acc@0.9 %.3f; %.1f %% of all patches selected%n",
          evaluation.accuracy(last, 0.5),
          evaluation.accuracy(last, 0.7),
          evaluation.accuracy(last, 0.9),
          100 * evaluation.selectedShare());
      if (!Double.isNaN(evaluation.pairsPerSecond())) {
        out.printf(
            Locale.ROOT,
            "%.1f pairs per second (%s, %s, batches of %d)%n",
            evaluation.pairsPerSecond(),
            LocationText.name(model.backend()),
            LocationText.name(model.precision()),
            batch);
      }
      Map<String, double[]> kinds = evaluation.byKind();
      if (!kinds.isEmpty()) {
        out.println();
      }
      kinds.forEach(
          (kind, counts) ->
              out.printf(
                  Locale.ROOT, "  %-12s %5d pairs  %.3f%n", kind, (int) counts[0], counts[1]));
      new BreakdownReport(breakdown).print(out);
      for (EarlyExit.Rule rule : EarlyExit.Rule.values()) {
        out.println();
        out.println("Early exit by " + rule.label() + ": bound, Acc@0.5, mean cost");
        for (EarlyExit.Point point : EarlyExit.curve(rule, results)) {
          out.printf(
              Locale.ROOT,
              "  %.2f  %.3f  %5.1f %%%n",
              point.bound(),
              point.accuracy(),
              100 * point.meanCost());
        }
      }
    }
    printApart(out);
    if (presence != null) {
      presence.print(out);
    }
    List<BadRecord> bad = evaluation.badRecords();
    if (!bad.isEmpty()) {
      out.println();
      int records = bad.stream().mapToInt(BadRecord::records).sum();
      out.println(records + (records == 1 ? " bad record:" : " bad records:"));
      bad.stream()
          .filter(record -> !record.kind().isRule())
          .forEach(record -> out.println("  " + record.id() + ": " + record.problem()));
      printRules(out, bad);
    }
  }
}
