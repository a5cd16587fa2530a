package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BooleanSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.scanformer.internal.files.Terminal;

/**
 * A run of the training loop in its directory: checkpoints, curves, evaluations on held-out pairs
 * and the model that they choose a threshold for. Not safe for use by several threads.
 */
final class TrainingRun {
  /** The thresholds of patches that are tried on held-out pairs. */
  static final double[] THRESHOLDS = {
    0.02, 0.05, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.3, 0.5, 0.6, 0.7
  };

  /** That of a model that could not be judged. */
  private static final double UNJUDGED = 0.5;

  /** The file, in the run's directory, that a run is resumed from. */
  static final String CHECKPOINT = "checkpoint.safetensors";

  /** The model directory, in the run's. */
  static final String MODEL = "model";

  private final Trainer trainer;
  private final TrainOptions options;
  private final Parameters parameters;
  private final Schedule schedule;
  private final Path out;
  private final PrintWriter err;
  private boolean plots = true;

  /**
   * What happens beside training steps.
   *
   * @param checkpointEvery steps between checkpoints
   * @param validateEvery steps between evaluations on held-out pairs
   * @param budget share of the finest patches that the chosen threshold may select
   */
  record Schedule(long checkpointEvery, long validateEvery, double budget) {}

  /**
   * A run.
   *
   * @param out its directory, which holds tokenizer.json
   * @param err where progress is reported
   */
  TrainingRun(
      Trainer trainer,
      TrainOptions options,
      Parameters parameters,
      Schedule schedule,
      Path out,
      PrintWriter err) {
    this.trainer = trainer;
    this.options = options;
    this.parameters = parameters;
    this.schedule = schedule;
    this.out = out;
    this.err = err;
  }

  /**
   * Trains from the last checkpoint, if there is one, to the end or until a stop is requested. A
   * run that is at its end is judged and its model written again.
   *
   * @param stop asked after every step
   */
  void run(List<HeldOut> heldOut, BooleanSupplier stop) throws IOException {
    Path checkpoint = out.resolve(CHECKPOINT);
    if (Files.isRegularFile(checkpoint)) {
      Set<String> anew = trainer.restore(checkpoint);
      err.println(
          "Resumed after step "
              + trainer.step()
              + (options.isTimed() ? "" : " of " + options.steps()));
      JsonNode before = CheckpointMetadata.read(checkpoint);
      tellChange("options were", before.path(CheckpointMetadata.OPTIONS), trainer.settings());
      tellChange("data was", before.path(CheckpointMetadata.DATA), trainer.dataName());
      if (!anew.isEmpty()) {
        err.println(
            "These heads for training begin anew, as the checkpoint has none for the data: "
                + anew);
      }
    }
    requireReadable(trainer, heldOut);
    RunFiles.write(out.resolve("options.txt"), trainer.settings());
    Curves curves = new Curves(out.resolve("curves.csv"), trainer.step());
    boolean judged = new ValidationCurve(out.resolve("validation.csv")).has(trainer.step());
    try (ProgressBar bar = progressBar()) {
      bar.stepTo(trainer.step());
      if (trainer.finished() || isJudged(trainer.step()) && !judged) {
        // It may have been ended while it was judged, before its model was written.
        evaluate(heldOut);
      }
      while (!trainer.finished() && !stop.getAsBoolean()) {
        trainer.run(
            () ->
                stop.getAsBoolean()
                    || trainer.step() % schedule.checkpointEvery == 0
                    || isJudged(trainer.step()),
            report -> {
              curves.add(report);
              bar.stepTo(report.step());
              bar.setExtraMessage(curves.summary());
            });
        trainer.save(checkpoint);
        curves.save();
        plot(curves);
        if (isJudged(trainer.step()) || trainer.finished()) {
          evaluate(heldOut);
        }
      }
    }
  }

  private boolean isJudged(long step) {
    return step > 0 && step % schedule.validateEvery == 0;
  }

  /** Tells what a resumed run does in another way than before. */
  private void tellChange(String what, JsonNode before, String now) {
    if (before.isTextual() && !before.textValue().equals(now)) {
      err.println("The " + what + " " + before.textValue() + "; now: " + now);
    }
  }

  /**
   * Refuses held-out sets of which no pair can be read.
   *
   * @throws IllegalArgumentException naming the set
   */
  static void requireReadable(Trainer trainer, List<HeldOut> heldOut) {
    for (HeldOut set : heldOut) {
      if (!trainer.anyReadable(set.pairs())) {
        throw new IllegalArgumentException(
            set.name()
                + ": none of the "
                + set.pairs().size()
                + " held-out pairs can be read, such as "
                + set.pairs().get(0).id()
                + " with the image "
                + set.pairs().get(0).image().name());
      }
    }
  }

  /**
   * The picture of the curves is no reason to end a run: where there are no fonts, it is missing.
   */
  private void plot(Curves curves) {
    plots = plots && drawn(curves::plot, err);
  }

  /** What draws a picture. */
  interface Picture {
    void draw() throws IOException;
  }

  /** Draws a picture, or says why it is not drawn: Java has errors of many classes for that. */
  static boolean drawn(Picture picture, PrintWriter err) {
    try {
      picture.draw();
      return true;
    } catch (IOException | RuntimeException | Error e) {
      err.println(
          "curves.png cannot be drawn and is left out: "
              + e
              + ". Are there fonts (Debian: fontconfig and fonts-dejavu-core)? curves.csv holds the"
              + " figures.");
      return false;
    }
  }

  /**
   * Evaluates several thresholds, takes the best within the budget and writes the model. Held-out
   * sets count equally, whatever their size.
   */
  private void evaluate(List<HeldOut> heldOut) throws IOException {
    SelectionRule[] rules = new SelectionRule[THRESHOLDS.length + 1];
    rules[0] = SelectionRule.EVERYTHING;
    for (int i = 0; i < THRESHOLDS.length; i++) {
      rules[i + 1] = SelectionRule.above(Math.log(THRESHOLDS[i] / (1 - THRESHOLDS[i])));
    }
    List<List<Evaluator.Evaluation>> bySet = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (HeldOut set : heldOut) {
      List<Evaluator.Evaluation> own = trainer.evaluate(trainer.groups(set.pairs()), rules);
      if (own != null) {
        bySet.add(own);
        names.add(set.name());
      }
    }
    double chosen = UNJUDGED;
    Evaluator.Evaluation evaluation = null;
    if (bySet.isEmpty()) {
      err.println("No held-out pair can be read any more; the model's threshold is " + chosen);
    } else {
      List<Evaluator.Evaluation> means = new ArrayList<>();
      err.printf(
          Locale.ROOT,
          "%nStep %d, held out: %s with all patches%n",
          trainer.step(),
          text(mean(bySet, 0)));
      for (int i = 1; i < rules.length; i++) {
        means.add(mean(bySet, i));
        err.printf(
            Locale.ROOT, "  threshold %.2f: %s%n", THRESHOLDS[i - 1], text(means.get(i - 1)));
      }
      int number = best(means, schedule.budget);
      chosen = THRESHOLDS[number];
      evaluation = means.get(number);
      if (evaluation.finestShare() > schedule.budget) {
        err.printf(
            Locale.ROOT,
            "  no threshold selects at most %s of the finest patches, as --budget asks: taken is the"
                + " one that selects the fewest, %.2f of them%n",
            schedule.budget,
            evaluation.finestShare());
      }
      for (int set = 0; bySet.size() > 1 && set < bySet.size(); set++) {
        err.println("  " + names.get(set) + ": " + text(bySet.get(set).get(number + 1)));
      }
    }
    Presence presence = null;
    if (evaluation != null && !evaluation.scores().isEmpty()) {
      presence = Presence.of(evaluation.scores());
    }
    if (evaluation != null) {
      err.println(
          "  chosen: threshold " + chosen + (presence == null ? "" : ", " + text(presence)));
      new ValidationCurve(out.resolve("validation.csv"))
          .add(trainer.step(), chosen, evaluation, presence);
    }
    ModelExport.write(
        parameters,
        trainer.average(),
        chosen,
        presence,
        out.resolve("tokenizer.json"),
        out.resolve(MODEL));
  }

  /**
   * The number of the most accurate evaluation within a budget, or of the one that selects the
   * fewest of the finest patches if none is within.
   */
  static int best(List<Evaluator.Evaluation> evaluations, double budget) {
    int best = 0;
    for (int i = 1; i < evaluations.size(); i++) {
      Evaluator.Evaluation some = evaluations.get(i);
      Evaluator.Evaluation before = evaluations.get(best);
      boolean within = some.finestShare() <= budget;
      boolean better =
          before.finestShare() <= budget
              ? within && some.finestAccuracy() > before.finestAccuracy()
              : within || some.finestShare() < before.finestShare();
      if (better) {
        best = i;
      }
    }
    return best;
  }

  /** The mean over sets of the evaluations with a threshold, and the scores of all. */
  private static Evaluator.Evaluation mean(List<List<Evaluator.Evaluation>> bySet, int threshold) {
    int scales = bySet.get(0).get(threshold).accuracy().length;
    double[] accuracy = new double[scales];
    double[] share = new double[scales];
    List<Presence.Judged> scores = new ArrayList<>();
    for (List<Evaluator.Evaluation> set : bySet) {
      for (int s = 0; s < scales; s++) {
        accuracy[s] += set.get(threshold).accuracy()[s] / bySet.size();
        share[s] += set.get(threshold).selectedShare()[s] / bySet.size();
      }
      scores.addAll(set.get(threshold).scores());
    }
    return new Evaluator.Evaluation(accuracy, share, scores);
  }

  private static String text(Presence presence) {
    String error =
        String.format(Locale.ROOT, "calibration error %.3f", presence.calibrationError());
    return Double.isNaN(presence.foundThreshold())
        ? error
        : String.format(
            Locale.ROOT,
            "%.3f of the true expressions found, %.3f of the others refused (score %.3f), AUC %.3f, %s",
            presence.accepted(),
            presence.refused(),
            presence.foundThreshold(),
            presence.areaUnderCurve(),
            error);
  }

  private static String text(Evaluator.Evaluation evaluation) {
    StringBuilder text = new StringBuilder("accuracy");
    for (double accuracy : evaluation.accuracy()) {
      text.append(String.format(Locale.ROOT, " %.3f", accuracy));
    }
    text.append(", selected");
    for (double share : evaluation.selectedShare()) {
      text.append(String.format(Locale.ROOT, " %.2f", share));
    }
    return text.toString();
  }

  private ProgressBar progressBar() {
    boolean terminal = Terminal.hasStandardError();
    return new ProgressBarBuilder()
        .setTaskName("train")
        .setInitialMax(options.isTimed() ? -1 : options.steps())
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(
            terminal
                ? new ConsoleProgressBarConsumer(System.err, 160)
                : new DelegatingProgressBarConsumer(Terminal.logLines(), 160))
        .setUpdateIntervalMillis(terminal ? 2000 : (int) Terminal.LOG_INTERVAL.toMillis())
        .build();
  }
}
