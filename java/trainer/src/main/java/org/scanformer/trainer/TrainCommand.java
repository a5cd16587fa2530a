package org.scanformer.trainer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.datasets.ShapesDataset;
import org.scanformer.datasets.Split;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a model and writes its directory. */
@Command(
    name = "train",
    description = "Trains a model and writes a model directory.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "The run's directory holds checkpoint.safetensors, curves.csv, curves.png and model/, the model"
          + " directory. Started again on the same directory, a run goes on from its checkpoint."
    })
final class TrainCommand implements Callable<Integer> {
  private static final long VALIDATION_SEED = 1;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The run's directory; a checkpoint in it is resumed.")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Steps of the whole run. Default: 20000.")
  private long steps;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "48",
      description = "Pairs a step. Default: 48.")
  private int batch;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
  private long seed;

  @Option(
      names = "--optimizer",
      paramLabel = "muon|adamw",
      defaultValue = "muon",
      description = "What steps the layers' matrices; the rest takes AdamW. Default: muon.")
  private OptimizerName optimizer;

  /** See the option. */
  enum OptimizerName {
    MUON,
    ADAMW
  }

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1e-3",
      description = "AdamW's peak learning rate. Default: 1e-3.")
  private double rate;

  @Option(
      names = "--muon-rate",
      paramLabel = "R",
      defaultValue = "0.012",
      description = "Muon's peak learning rate. Default: 0.012.")
  private double muonRate;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      defaultValue = "0",
      description = "Decoupled weight decay of the matrices. Default: 0.")
  private double weightDecay;

  @Option(
      names = "--decay",
      paramLabel = "linear|cosine",
      defaultValue = "linear",
      description =
          "How the rate falls: constant for 30 %% of the run and then linearly, or as a cosine."
              + " Default: linear.")
  private Decay decay;

  /** See the option. */
  enum Decay {
    LINEAR,
    COSINE
  }

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "200",
      description = "Steps in which the rate rises. Default: 200.")
  private long warmup;

  @Option(
      names = "--budget",
      paramLabel = "SHARE",
      defaultValue = "0.34",
      description =
          "Share of the finest patches that the chosen threshold may select. Default: 0.34.")
  private double budget;

  @Option(
      names = "--precision",
      paramLabel = "fp32|bf16",
      defaultValue = "bf16",
      description = "Type of matrix products; weights, sums, losses stay fp32. Default: bf16.")
  private PrecisionName precision;

  /** See the option. */
  enum PrecisionName {
    FP32,
    BF16
  }

  @Option(
      names = "--form",
      paramLabel = "merged|dense",
      defaultValue = "merged",
      description =
          "Discarded patches as one token with a count, or each as its own: the same function and"
              + " gradients, the first in less time. Default: merged.")
  private TrainingModel.Form form;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads; 0, the default, for all.")
  private int threads;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "500",
      description = "Steps between checkpoints. Default: 500.")
  private long checkpointEvery;

  @Option(
      names = "--validate-every",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Steps between judgements on held-out pairs. Default: 2000.")
  private long validateEvery;

  @Option(
      names = "--validation-pairs",
      paramLabel = "N",
      defaultValue = "960",
      description = "Held-out pairs. Default: 960.")
  private int validationPairs;

  @Override
  public Integer call() throws IOException {
    // PyTorch's OpenMP threads do the work; OpenBLAS's own would only get in their way.
    openblas_nolapack.blas_set_num_threads(1);
    if (threads > 0) {
      torch.set_num_threads(threads);
    }
    Files.createDirectories(out);
    Path tokenizerFile = out.resolve("tokenizer.json");
    Path configFile = out.resolve("config.json");
    try (InputStream in = TrainCommand.class.getResourceAsStream("shapes-config.json")) {
      Files.write(configFile, in.readAllBytes());
    }
    ModelConfig config = ModelConfig.read(configFile);
    ShapesTokenizer.write(tokenizerFile, config.maxTextLength());

    List<String> categories = new ArrayList<>();
    List<String> colors = new ArrayList<>();
    collectNames(categories, colors);
    Map<String, long[]> auxiliary = new LinkedHashMap<>();
    auxiliaryHead(auxiliary, "target_map", 1, config);
    auxiliaryHead(auxiliary, "category", categories.size(), config);
    auxiliaryHead(auxiliary, "color", colors.size(), config);

    Device device = new Device("cpu");
    Parameters parameters = new Parameters(config, auxiliary, device);
    parameters.initialize(seed);
    ScalarType type = precision == PrecisionName.BF16 ? ScalarType.BFloat16 : ScalarType.Float;
    TrainingModel model = new TrainingModel(parameters, device, type, form);
    Losses losses = new Losses(model, budget, config.scoreHead(), true, true);
    Trainer.TrainOptions options =
        new Trainer.TrainOptions(
            steps,
            batch,
            rate,
            muonRate,
            optimizer == OptimizerName.MUON,
            weightDecay,
            decay == Decay.COSINE,
            warmup,
            seed);
    try (TextTokenizer tokenizer = TextTokenizer.open(tokenizerFile, config);
        Trainer trainer =
            new Trainer(
                options,
                parameters,
                model,
                losses,
                new ShapesTrainingData(config, batch, seed),
                new BatchBuilder(config, tokenizer, categories, colors))) {
      run(trainer, parameters, tokenizerFile);
    } finally {
      parameters.close();
    }
    return 0;
  }

  private static void auxiliaryHead(
      Map<String, long[]> shapes, String name, int classes, ModelConfig config) {
    shapes.put(name + ".weight", new long[] {classes, config.hiddenSize()});
    shapes.put(name + ".bias", new long[] {classes});
  }

  private void collectNames(List<String> categories, List<String> colors) {
    ShapesDataset scenes = ShapesDataset.of(Split.TRAIN, seed, 500, 200);
    java.util.TreeSet<String> forms = new java.util.TreeSet<>();
    java.util.TreeSet<String> hues = new java.util.TreeSet<>();
    for (int i = 0; i < scenes.size(); i++) {
      scenes
          .pair(i)
          .image()
          .objects()
          .forEach(
              object -> {
                forms.add(object.category());
                hues.add(object.color());
              });
    }
    categories.addAll(forms);
    colors.addAll(hues);
  }

  private void run(Trainer trainer, Parameters parameters, Path tokenizerFile) throws IOException {
    Path checkpoint = out.resolve("checkpoint.safetensors");
    if (Trainer.hasCheckpoint(checkpoint)) {
      trainer.restore(checkpoint);
      System.err.println("Resuming after step " + trainer.step() + " of " + steps);
    }
    List<Batch> validation =
        trainer.batches(
            pairs(ShapesDataset.of(Split.VALIDATION, VALIDATION_SEED, validationPairs, 320)));
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook());
    try (Curves curves = new Curves(out.resolve("curves.csv"), trainer.step());
        ProgressBar bar = progressBar()) {
      bar.stepTo(trainer.step());
      while (trainer.step() < steps && !signal.requested()) {
        trainer.run(
            () ->
                signal.requested()
                    || trainer.step() % checkpointEvery == 0
                    || trainer.step() % validateEvery == 0,
            report -> {
              curves.add(report);
              bar.stepTo(report.step());
              bar.setExtraMessage(curves.summary());
            });
        curves.flush();
        trainer.save(checkpoint);
        if (trainer.step() % validateEvery == 0 || trainer.step() == steps) {
          judge(trainer, parameters, validation, tokenizerFile);
        }
      }
    } finally {
      signal.finished();
    }
  }

  private static List<ReferringPair> pairs(ShapesDataset dataset) {
    List<ReferringPair> pairs = new ArrayList<>();
    for (int i = 0; i < dataset.size(); i++) {
      pairs.add(dataset.pair(i));
    }
    return pairs;
  }

  /** Judges several thresholds, takes the best that keeps to the budget, and writes the model. */
  private void judge(
      Trainer trainer, Parameters parameters, List<Batch> validation, Path tokenizerFile)
      throws IOException {
    Trainer.Judgement all = trainer.judge(validation, Double.NEGATIVE_INFINITY);
    System.err.printf(
        Locale.ROOT, "%nStep %d, held out: %s with all patches%n", trainer.step(), text(all));
    double[] thresholds = {0.02, 0.05, 0.1, 0.2, 0.3, 0.5};
    double chosen = 0.5;
    double best = -1;
    for (double threshold : thresholds) {
      Trainer.Judgement some = trainer.judge(validation, Math.log(threshold / (1 - threshold)));
      System.err.printf(Locale.ROOT, "  threshold %.2f: %s%n", threshold, text(some));
      int last = some.accuracy().length - 1;
      if (some.selectedShare()[last] <= budget && some.accuracy()[last] > best) {
        best = some.accuracy()[last];
        chosen = threshold;
      }
    }
    ModelExport.write(parameters, trainer.average(), chosen, tokenizerFile, out.resolve("model"));
  }

  private static String text(Trainer.Judgement judgement) {
    StringBuilder text = new StringBuilder("accuracy");
    for (double accuracy : judgement.accuracy()) {
      text.append(String.format(Locale.ROOT, " %.3f", accuracy));
    }
    text.append(", selected");
    for (double share : judgement.selectedShare()) {
      text.append(String.format(Locale.ROOT, " %.2f", share));
    }
    return text.toString();
  }

  private ProgressBar progressBar() {
    return new ProgressBarBuilder()
        .setTaskName("train")
        .setInitialMax(steps)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(System.err, 160))
        .setUpdateIntervalMillis(2000)
        .build();
  }

  /** Turns Ctrl-C into a request, and keeps the process until what it asks for is done. */
  private static final class StopSignal {
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean stop;

    Thread hook() {
      return new Thread(
          () -> {
            stop = true;
            try {
              done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }

    boolean requested() {
      return stop;
    }

    void finished() {
      done.countDown();
    }
  }
}
