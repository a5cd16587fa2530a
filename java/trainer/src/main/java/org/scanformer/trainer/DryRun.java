package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.scanformer.datasets.ReferringPair;

/**
 * Takes a few steps of a run to measure their time and memory. The parameters change, so they are
 * of no further use. Not thread-safe.
 */
final class DryRun {
  private static final int WARM_UP = 1;
  private static final int MEASURED = 3;

  /** All steps that it takes. */
  static final int STEPS = WARM_UP + 2 * MEASURED;

  /** Less than any logit: a budget alone decides. */
  private static final double LEAST = -1e30;

  private static final Path STATUS = Path.of("/proc/self/status");

  private final TrainingSetup setup;
  private final PrintWriter err;

  /**
   * A dry run.
   *
   * @param setup whose options have {@link #STEPS} steps more than the run
   * @param err where progress is reported
   */
  DryRun(TrainingSetup setup, PrintWriter err) {
    this.setup = setup;
    this.err = err;
  }

  /**
   * The run that is tried out.
   *
   * @param out its directory, which is not touched
   * @param done steps that it has taken already
   * @param steps of the whole run
   */
  record Run(Path out, long done, long steps, TrainingRun.Schedule schedule) {}

  /**
   * Some steps of a kind.
   *
   * @param seconds of each, with the making of the next batch beside it
   * @param tokens of all pairs, of the text and then of each scale; means over the steps
   * @param selectedShare by scale
   */
  record Steps(double[] seconds, long[] tokens, double[] selectedShare) {
    /** Mean seconds of a step. */
    double meanSeconds() {
      return java.util.Arrays.stream(seconds).average().orElseThrow();
    }

    long allTokens() {
      return java.util.Arrays.stream(tokens).sum();
    }
  }

  /**
   * What was measured.
   *
   * @param everything steps that select every patch
   * @param selected steps that select the budget's share of the finest
   * @param judgedDense seconds to judge a batch of held-out pairs with every patch
   * @param judgedSelected the same with that selection
   * @param peakBytes the most memory that the process had at any time, without that of a GPU; −1
   *     where the system does not tell
   */
  record Measured(
      Steps everything,
      Steps selected,
      double judgedDense,
      double judgedSelected,
      long peakBytes) {}

  /**
   * Measures.
   *
   * @param heldOut pairs of a batch, to measure their judgement
   * @param budget the share of the finest patches to select
   * @param stop asked after every step
   * @return empty if a stop was requested
   */
  Optional<Measured> measure(List<ReferringPair> heldOut, double budget, BooleanSupplier stop)
      throws IOException {
    Trainer trainer = setup.trainer();
    SelectionRule within = new SelectionRule(LEAST, budget);
    long first = trainer.step();
    trainer.selectBy(step -> step < first + WARM_UP + MEASURED ? SelectionRule.EVERYTHING : within);
    List<Trainer.StepReport> reports = new ArrayList<>();
    List<Double> seconds = new ArrayList<>();
    long[] begin = {System.nanoTime()};
    trainer.run(
        () -> reports.size() == STEPS || stop.getAsBoolean(),
        report -> {
          long now = System.nanoTime();
          reports.add(report);
          seconds.add((now - begin[0]) * 1e-9);
          begin[0] = now;
          err.printf(
              Locale.ROOT,
              "Step %d of %d: %.2f s%n",
              reports.size(),
              STEPS,
              seconds.get(seconds.size() - 1));
          err.flush();
        });
    if (reports.size() < STEPS) {
      return Optional.empty();
    }
    double dense = seconds(() -> trainer.evaluate(List.of(heldOut), SelectionRule.EVERYTHING));
    double some = seconds(() -> trainer.evaluate(List.of(heldOut), within));
    return Optional.of(
        new Measured(
            steps(reports, seconds, WARM_UP),
            steps(reports, seconds, WARM_UP + MEASURED),
            dense,
            some,
            peakBytes()));
  }

  private static double seconds(Runnable work) {
    long begin = System.nanoTime();
    work.run();
    return (System.nanoTime() - begin) * 1e-9;
  }

  private static Steps steps(List<Trainer.StepReport> reports, List<Double> seconds, int from) {
    double[] times = new double[MEASURED];
    long[] tokens = new long[reports.get(from).tokens().length];
    double[] shares = new double[reports.get(from).selectedShare().length];
    for (int i = 0; i < MEASURED; i++) {
      times[i] = seconds.get(from + i);
      for (int segment = 0; segment < tokens.length; segment++) {
        tokens[segment] += reports.get(from + i).tokens()[segment];
      }
      for (int s = 0; s < shares.length; s++) {
        shares[s] += reports.get(from + i).selectedShare()[s] / MEASURED;
      }
    }
    for (int segment = 0; segment < tokens.length; segment++) {
      tokens[segment] = Math.round((double) tokens[segment] / MEASURED);
    }
    return new Steps(times, tokens, shares);
  }

  /** The largest resident set of the process so far. */
  private static long peakBytes() throws IOException {
    if (Files.isReadable(STATUS)) {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmHWM:")) {
          return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    }
    return -1;
  }
}
