package org.scanformer.trainer;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @ArgGroup(exclusive = true)
  private Start start;

  /** What a new model is made from. */
  static final class Start {
    @Option(
        names = "--init",
        paramLabel = "DIR",
        description =
            "Begin with the weights, sizes and tokenizer of a ViLT checkpoint in Hugging Face's form.")
    private Path vilt;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "Begin with random weights in the sizes of this config.json; needs --tokenizer beside"
                + " --data other than shapes. Default: a small model for shapes.")
    private Path config;
  }

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description =
          "The tokenizer.json to use. Default: that of --init, or one of the words of shapes.")
  private Path tokenizer;

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda[:N]",
      defaultValue = "cpu",
      description =
          "Where PyTorch computes; cuda needs its CUDA build on the class path. Default: cpu.")
  private String deviceName;

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

  @Override
  public Integer call() throws IOException {
    requireSensible();
    // PyTorch's OpenMP threads do the work; OpenBLAS's own would only get in their way.
    openblas_nolapack.blas_set_num_threads(1);
    if (threads > 0) {
      torch.set_num_threads(threads);
    }
    Files.createDirectories(out);
    Path tokenizerFile = out.resolve("tokenizer.json");
    ModelConfig config = prepare(tokenizerFile);

    List<List<String>> names = data.objectNames();
    List<String> categories = names.get(0);
    List<String> colors = names.get(1);
    Map<String, long[]> auxiliary = new LinkedHashMap<>();
    auxiliaryHead(auxiliary, "target_map", 1, config);
    if (!categories.isEmpty()) {
      auxiliaryHead(auxiliary, "category", categories.size(), config);
    }
    if (!colors.isEmpty()) {
      auxiliaryHead(auxiliary, "color", colors.size(), config);
    }

    Device device = new Device(deviceName);
    Parameters parameters = new Parameters(config, auxiliary, device);
    parameters.initialize(seed);
    if (start != null && start.vilt != null) {
      List<String> unused = ViltCheckpoint.copy(start.vilt, parameters);
      spec.commandLine().getErr().println("Not used of " + start.vilt + ": " + unused);
    }
    ScalarType type = precision == PrecisionName.BF16 ? ScalarType.BFloat16 : ScalarType.Float;
    TrainingModel model = new TrainingModel(parameters, device, type, form);
    Losses losses =
        new Losses(model, budget, config.scoreHead(), !categories.isEmpty(), !colors.isEmpty());
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
    try (TextTokenizer opened = TextTokenizer.open(tokenizerFile, config);
        Trainer trainer =
            new Trainer(
                options,
                parameters,
                model,
                losses,
                data.training(config, batch, seed),
                new BatchBuilder(config, opened, categories, colors))) {
      run(trainer, options, parameters, tokenizerFile);
    } finally {
      parameters.close();
    }
    return 0;
  }

  private void requireSensible() {
    if (steps < 1 || batch < 1 || checkpointEvery < 1 || validateEvery < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--steps, --batch, --checkpoint-every and --validate-every must be at least 1");
    }
    boolean ownVocabulary = tokenizer != null || start != null && start.vilt != null;
    if (!data.isShapes() && !ownVocabulary) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "data other than shapes needs --init, or --config with --tokenizer");
    }
  }

  /** Writes the run's config.json and tokenizer.json and reads the first. */
  private ModelConfig prepare(Path tokenizerFile) throws IOException {
    Path configFile = out.resolve("config.json");
    if (start != null && start.vilt != null) {
      Files.writeString(configFile, ViltCheckpoint.config(start.vilt).toPrettyString());
    } else if (start != null && start.config != null) {
      Files.write(configFile, Files.readAllBytes(start.config));
    } else {
      try (InputStream in = TrainCommand.class.getResourceAsStream("shapes-config.json")) {
        Files.write(configFile, in.readAllBytes());
      }
    }
    ModelConfig config = ModelConfig.read(configFile);
    if (tokenizer != null) {
      Files.write(tokenizerFile, Files.readAllBytes(tokenizer));
    } else if (start != null && start.vilt != null) {
      Files.write(tokenizerFile, Files.readAllBytes(start.vilt.resolve("tokenizer.json")));
    } else {
      int words = ShapesTokenizer.vocabulary().size();
      if (config.vocabSize() < words) {
        throw new CommandLine.ParameterException(
            spec.commandLine(),
            "the scenes' words need a vocab_size of " + words + ", found " + config.vocabSize());
      }
      ShapesTokenizer.write(tokenizerFile, config.maxTextLength());
    }
    return config;
  }

  private static void auxiliaryHead(
      Map<String, long[]> shapes, String name, int classes, ModelConfig config) {
    shapes.put(name + ".weight", new long[] {classes, config.hiddenSize()});
    shapes.put(name + ".bias", new long[] {classes});
  }

  private void run(
      Trainer trainer, Trainer.TrainOptions options, Parameters parameters, Path tokenizerFile)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Path checkpoint = out.resolve("checkpoint.safetensors");
    Path optionsFile = out.resolve("options.txt");
    if (Files.isRegularFile(checkpoint)) {
      trainer.restore(checkpoint);
      err.println("Resumed after step " + trainer.step() + " of " + steps);
      String before = Files.isRegularFile(optionsFile) ? Files.readString(optionsFile) : "";
      if (!before.equals(options.toString())) {
        err.println("Before, the options were " + before + "; now they are " + options);
      }
    }
    Files.writeString(optionsFile, options.toString());
    List<Batch> validation = trainer.batches(data.validation());
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
        curves.save();
        trainer.save(checkpoint);
        if (trainer.step() % validateEvery == 0 || trainer.step() == steps) {
          judge(trainer, parameters, validation, tokenizerFile);
        }
      }
    } finally {
      signal.finished();
    }
  }

  /** Judges several thresholds, takes the best that keeps to the budget, and writes the model. */
  private void judge(
      Trainer trainer, Parameters parameters, List<Batch> validation, Path tokenizerFile)
      throws IOException {
    Trainer.Judgement all = trainer.judge(validation, Double.NEGATIVE_INFINITY);
    spec.commandLine()
        .getErr()
        .printf(
            Locale.ROOT, "%nStep %d, held out: %s with all patches%n", trainer.step(), text(all));
    double[] thresholds = {0.02, 0.05, 0.08, 0.1, 0.12, 0.14, 0.16, 0.2, 0.25, 0.3, 0.5};
    double chosen = 0.5;
    double best = -1;
    for (double threshold : thresholds) {
      Trainer.Judgement some = trainer.judge(validation, Math.log(threshold / (1 - threshold)));
      spec.commandLine()
          .getErr()
          .printf(Locale.ROOT, "  threshold %.2f: %s%n", threshold, text(some));
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
