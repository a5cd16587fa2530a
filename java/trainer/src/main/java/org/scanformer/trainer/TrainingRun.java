package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.scanformer.datasets.ReferringPair;

/**
 * A run of the training loop in its directory: checkpoints, curves, evaluations on held-out pairs
 * and the model that they choose a threshold for. Not safe for use by several threads.
 */
final class TrainingRun {
  private final Trainer trainer;
  private final Trainer.TrainOptions options;
  private final Parameters parameters;
  private final Schedule schedule;
  private final Path out;
  private final PrintWriter err;

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
      Trainer.TrainOptions options,
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

  /** Trains from the last checkpoint, if there is one, to the end or until Ctrl-C. */
  void run(List<ReferringPair> heldOut) throws IOException {
    Path checkpoint = out.resolve("checkpoint.safetensors");
    Path optionsFile = out.resolve("options.txt");
    if (Files.isRegularFile(checkpoint)) {
      trainer.restore(checkpoint);
      err.println("Resumed after step " + trainer.step() + " of " + options.steps());
      String before = Files.isRegularFile(optionsFile) ? Files.readString(optionsFile) : "";
      if (!before.equals(options.toString())) {
        err.println("The options were " + before + "; now they are " + options);
      }
    }
    Files.writeString(optionsFile, options.toString());
    List<Batch> validation = trainer.batches(heldOut);
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook());
    try (Curves curves = new Curves(out.resolve("curves.csv"), trainer.step());
        ProgressBar bar = progressBar()) {
      bar.stepTo(trainer.step());
      while (trainer.step() < options.steps() && !signal.requested()) {
        trainer.run(
            () ->
                signal.requested()
                    || trainer.step() % schedule.checkpointEvery == 0
                    || trainer.step() % schedule.validateEvery == 0,
            report -> {
              curves.add(report);
              bar.stepTo(report.step());
              bar.setExtraMessage(curves.summary());
            });
        curves.save();
        trainer.save(checkpoint);
        if (trainer.step() % schedule.validateEvery == 0 || trainer.step() == options.steps()) {
          evaluate(validation);
        }
      }
    } finally {
      signal.finished();
    }
  }

  /** Evaluates several thresholds, takes the best within the budget and writes the model. */
  private void evaluate(List<Batch> validation) throws IOException {
    Trainer.Evaluation all = trainer.evaluate(validation, Double.NEGATIVE_INFINITY);
    err.printf(
        Locale.ROOT, "%nStep %d, held out: %s with all patches%n", trainer.step(), text(all));
    double[] thresholds = {0.02, 0.05, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.3, 0.5};
    double chosen = 0.5;
    double best = -1;
    for (double threshold : thresholds) {
      Trainer.Evaluation some = trainer.evaluate(validation, Math.log(threshold / (1 - threshold)));
      err.printf(Locale.ROOT, "  threshold %.2f: %s%n", threshold, text(some));
      int last = some.accuracy().length - 1;
      if (some.selectedShare()[last] <= schedule.budget && some.accuracy()[last] > best) {
        best = some.accuracy()[last];
        chosen = threshold;
      }
    }
    ModelExport.write(
        parameters, trainer.average(), chosen, out.resolve("tokenizer.json"), out.resolve("model"));
  }

  private static String text(Trainer.Evaluation evaluation) {
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
    return new ProgressBarBuilder()
        .setTaskName("train")
        .setInitialMax(options.steps())
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(System.err, 160))
        .setUpdateIntervalMillis(2000)
        .build();
  }
}
