package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;

/**
 * Baselines, and results by category and wording, as text and JSON.
 *
 * @param breakdown at least one pair
 */
record BreakdownReport(Breakdown breakdown) {
  /** Categories that are printed; JSON has all. */
  private static final int PRINTED = 20;

  private static final int LABEL = 16;

  void print(PrintWriter out) {
    Breakdown.Group all = breakdown.all();
    out.println();
    out.println("Acc@0.5 without a model:");
    out.printf(Locale.ROOT, "  %.3f  the whole image%n", all.wholeImage());
    out.printf(Locale.ROOT, "  %.3f  the mean box, %s%n", all.meanBox(), breakdown.mean().source());
    if (all.largestPairs() > 0) {
      out.printf(
          Locale.ROOT,
          "  %.3f  the largest of the data's boxes of the target's category (%d pairs)%n",
          all.largest(),
          all.largestPairs());
    }
    print(out, "category", breakdown.byCategory());
    print(out, "wording", breakdown.byWording());
    out.println("An expression may have several wordings.");
  }

  private static void print(PrintWriter out, String title, Map<String, Breakdown.Group> groups) {
    if (groups.isEmpty()) {
      return;
    }
    out.println();
    out.printf(
        "%-" + LABEL + "s  pairs  Acc@0.5  whole image  mean box  largest  finest selected%n",
        title);
    int printed = 0;
    for (Map.Entry<String, Breakdown.Group> entry : groups.entrySet()) {
      if (printed++ == PRINTED) {
        out.println("and " + (groups.size() - PRINTED) + " more with fewer pairs; --json has all");
        return;
      }
      Breakdown.Group group = entry.getValue();
      out.printf(
          Locale.ROOT,
          "%-" + LABEL + "s  %5d  %7.3f  %11.3f  %8.3f  %7s  %13.1f %%%n",
          entry.getKey(),
          group.pairs(),
          group.lastAccuracy(),
          group.wholeImage(),
          group.meanBox(),
          group.largestPairs() == 0 ? "-" : String.format(Locale.ROOT, "%.3f", group.largest()),
          100 * group.lastShare());
    }
  }

  /** Adds the figures to those of the evaluation. */
  void addTo(ObjectNode root) {
    Breakdown.Group all = breakdown.all();
    ObjectNode baselines = root.putObject("baselines");
    baselines.putObject("whole_image").put("accuracy_0.5", all.wholeImage());
    ObjectNode mean = baselines.putObject("mean_box");
    mean.put("accuracy_0.5", all.meanBox()).put("of", breakdown.mean().source());
    ArrayNode box = mean.putArray("box_cxcywh");
    breakdown.mean().box().toList().forEach(box::add);
    if (all.largestPairs() > 0) {
      baselines
          .putObject("largest_of_category")
          .put("accuracy_0.5", all.largest())
          .put("pairs", all.largestPairs());
    }
    add(root.putObject("by_category"), breakdown.byCategory());
    add(root.putObject("by_wording"), breakdown.byWording());
  }

  private static void add(ObjectNode node, Map<String, Breakdown.Group> groups) {
    groups.forEach(
        (label, group) -> {
          ObjectNode own = node.putObject(label).put("pairs", group.pairs());
          own.put("accuracy_0.5", group.lastAccuracy());
          ArrayNode scales = own.putArray("scales");
          for (int s = 0; s < group.accuracy().length; s++) {
            scales
                .addObject()
                .put("scale", s)
                .put("accuracy_0.5", group.accuracy()[s])
                .put("selected_share", group.selectedShare()[s]);
          }
          ObjectNode baselines = own.putObject("baselines");
          baselines.put("whole_image", group.wholeImage()).put("mean_box", group.meanBox());
          if (group.largestPairs() > 0) {
            baselines.put("largest_of_category", group.largest());
          }
        });
  }
}
