package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.bytedeco.pytorch.global.torch;
import org.scanformer.datasets.BadRecord;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.TensorNames;

/**
 * What a run would do, and what it would take.
 *
 * @param training the datasets; for drawn scenes a few of them
 * @param device the name of PyTorch's device
 */
record DryRunReport(
    DryRun.Run run,
    TrainingSetup setup,
    List<ReferringDataset> training,
    List<HeldOut> heldOut,
    String device) {
  private static final int BYTES = 4;

  /** Values, average and two moments. */
  private static final int VECTORS_OF_A_CHECKPOINT = 4;

  /**
   * Counts, measures and prints.
   *
   * @param stop asked after every step; then what was not measured is not printed
   */
  void print(PrintWriter out, PrintWriter err, BooleanSupplier stop) throws IOException {
    TrainingRun.requireReadable(setup.trainer(), heldOut);
    int batch = setup.options().batchSize();
    out.printf(
        Locale.ROOT,
        "Dry run of %,d steps of %d pairs%s; nothing is written into %s%n",
        run.steps(),
        batch,
        run.done() > 0 ? String.format(Locale.ROOT, ", from step %,d on", run.done()) : "",
        run.out());
    printData(out, err);
    printModel(out);
    out.flush();
    List<ReferringPair> judged = setup.trainer().groups(heldOut.get(0).pairs()).get(0);
    Optional<DryRun.Measured> measured =
        new DryRun(setup, err).measure(judged, run.schedule().budget(), stop);
    if (measured.isPresent()) {
      printSteps(out, measured.get());
      printEstimate(out, measured.get());
      out.flush();
    }
  }

  private void printData(PrintWriter out, PrintWriter err) {
    out.println();
    out.println("Data");
    List<TrainingData.Epoch> epochs = setup.data().epochs();
    if (epochs.isEmpty()) {
      out.println("  " + setup.data().name() + ": as many pairs as the run takes");
    }
    // Each source of files has its epochs.
    for (int i = 0; i < epochs.size(); i++) {
      printCounts(out, training.get(i));
      ExpressionExtent extent = setup.extent(training.get(i));
      out.println("    " + extent.lengths());
      out.println("    " + extent.unknownWords());
      extent.warn(training.get(i).name(), err);
      TrainingData.Epoch epoch = epochs.get(i);
      int usable = epoch.pairs().values().stream().mapToInt(Integer::intValue).sum();
      out.printf(
          Locale.ROOT,
          "    %,d pairs are used; %,d batches an epoch, which leave %,d over%s%n",
          usable,
          epoch.batches(),
          usable - epoch.batches() * setup.options().batchSize(),
          epoch.share() < 1
              ? String.format(Locale.ROOT, "; %.0f %% of the batches", 100 * epoch.share())
              : "");
      List<String> grids = new ArrayList<>();
      epoch.pairs().entrySet().stream()
          .sorted((a, b) -> b.getValue() - a.getValue())
          .forEach(
              entry ->
                  grids.add(
                      String.format(
                          Locale.ROOT,
                          "%dx%d %,d",
                          entry.getKey().rows(),
                          entry.getKey().cols(),
                          entry.getValue())));
      out.println("    coarse grids (rows x columns, pairs): " + String.join(", ", grids));
    }
    for (HeldOut set : heldOut) {
      out.printf(
          Locale.ROOT,
          "  held out, %s: %,d pairs in %,d batches%n",
          set.name(),
          set.pairs().size(),
          setup.trainer().groups(set.pairs()).size());
    }
  }

  private static void printCounts(PrintWriter out, ReferringDataset dataset) {
    Set<String> images = new HashSet<>();
    int several = 0;
    int without = 0;
    for (int i = 0; i < dataset.size(); i++) {
      ReferringPair pair = dataset.pair(i);
      images.add(pair.image().name());
      several += pair.targets().size() > 1 ? 1 : 0;
      without += pair.targets().isEmpty() ? 1 : 0;
    }
    out.printf(
        Locale.ROOT,
        "  %s: %,d pairs of %,d images; %,d have several targets, %,d none;%n    %,d bad records are left out%n",
        dataset.name(),
        dataset.size(),
        images.size(),
        several,
        without,
        dataset.badRecords().stream().mapToInt(BadRecord::records).sum());
  }

  private void printModel(PrintWriter out) {
    long all = setup.parameters().size();
    long own =
        TensorNames.shapes(setup.parameters().config()).values().stream()
            .mapToLong(shape -> Arrays.stream(shape).reduce(1, (a, b) -> a * b))
            .sum();
    long checkpoint = checkpointBytes();
    out.println();
    out.println("Model");
    out.printf(
        Locale.ROOT,
        "  %,d parameters, and %,d that only training has; the model takes %s%n",
        own,
        all - own,
        bytes(BYTES * own));
    out.printf(
        Locale.ROOT,
        "  a checkpoint takes %s, and to write it as much of the Java heap, of which there is %s"
            + " (-Xmx)%n",
        bytes(checkpoint),
        bytes(Runtime.getRuntime().maxMemory()));
    if (checkpoint > Runtime.getRuntime().maxMemory()) {
      out.println("  the Java heap is too small for that: start with a larger -Xmx");
    }
  }

  private long checkpointBytes() {
    return (long) BYTES * VECTORS_OF_A_CHECKPOINT * setup.parameters().size();
  }

  private void printSteps(PrintWriter out, DryRun.Measured measured) {
    out.println();
    out.printf(
        Locale.ROOT,
        "Steps on %s, %s, %d threads%n",
        device,
        setup.model().type() == torch.ScalarType.Float ? "fp32" : "bf16",
        torch.get_num_threads());
    print(out, "every patch", measured.everything());
    print(
        out,
        String.format(
            Locale.ROOT, "%.0f %% of the finest (--budget)", 100 * run.schedule().budget()),
        measured.selected());
    out.printf(
        "  peak memory of the process: %s%s%n",
        measured.peakBytes() < 0 ? "not told by this system" : bytes(measured.peakBytes()),
        device.startsWith("cuda") ? ", without the GPU's" : "");
  }

  private static void print(PrintWriter out, String title, DryRun.Steps steps) {
    List<String> scales = new ArrayList<>();
    for (int s = 0; s < steps.selectedShare().length; s++) {
      scales.add(
          String.format(
              Locale.ROOT,
              "%,d at scale %d (%.0f %%)",
              steps.tokens()[s + 1],
              s,
              100 * steps.selectedShare()[s]));
    }
    out.printf(
        Locale.ROOT,
        "  %s: %.2f s a step (%.2f to %.2f), %,d tokens: %,d of text, %s%n",
        title,
        steps.meanSeconds(),
        Arrays.stream(steps.seconds()).min().orElseThrow(),
        Arrays.stream(steps.seconds()).max().orElseThrow(),
        steps.allTokens(),
        steps.tokens()[0],
        String.join(", ", scales));
  }

  private void printEstimate(PrintWriter out, DryRun.Measured measured) {
    TrainOptions options = setup.options();
    long left = Math.max(0, run.steps() - run.done());
    double dense =
        new SelectionSchedule(
                run.steps(), options.seed(), options.curriculum(), run.schedule().budget())
            .denseShare(run.done());
    double step =
        dense * measured.everything().meanSeconds()
            + (1 - dense) * measured.selected().meanSeconds();
    out.println();
    out.println("Estimate, if steps go on as these");
    out.printf(
        Locale.ROOT,
        "  %,d steps: %s, %.2f s each, as %.1f %% of them select every patch%n",
        left,
        time(left * step),
        step,
        100 * dense);
    for (TrainingData.Epoch epoch : setup.data().epochs()) {
      out.printf(
          Locale.ROOT,
          "  %.1f epochs of %s%n",
          left * epoch.share() / epoch.batches(),
          epoch.name());
    }
    long every = run.schedule().validateEvery();
    long evaluations =
        left == 0
            ? 1
            : run.steps() / every - run.done() / every + (run.steps() % every == 0 ? 0 : 1);
    long batches =
        heldOut.stream().mapToLong(set -> setup.trainer().groups(set.pairs()).size()).sum();
    double judged =
        measured.judgedDense() + TrainingRun.THRESHOLDS.length * measured.judgedSelected();
    out.printf(
        Locale.ROOT,
        "  %,d evaluations on held-out pairs: %s, %s each at the most%n",
        evaluations,
        time(evaluations * batches * judged),
        time(batches * judged));
    long checkpoints = left / run.schedule().checkpointEvery();
    out.printf(
        Locale.ROOT,
        "  %,d checkpoints, one at a time: %s each; their writing is not counted%n",
        checkpoints,
        bytes(checkpointBytes()));
  }

  private static String bytes(long bytes) {
    return bytes < 100_000_000
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }

  private static String time(double seconds) {
    Duration time = Duration.ofSeconds(Math.round(seconds));
    if (time.toDays() > 0) {
      return time.toDays() + " d " + time.toHoursPart() + " h";
    }
    return time.toHours() > 0
        ? time.toHours() + " h " + time.toMinutesPart() + " min"
        : time.toMinutes() > 0
            ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
            : String.format(Locale.ROOT, "%.1f s", seconds);
  }
}
