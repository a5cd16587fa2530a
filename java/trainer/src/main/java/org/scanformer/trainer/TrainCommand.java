package org.scanformer.trainer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a model and writes its directory. */
@Command(
    name = Main.NAME,
    description = "Trains a model and writes a model directory.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "The run's directory holds checkpoint.safetensors, curves.csv, curves.png and the model directory"
          + " model/. A run that is started again in the same directory resumes from its checkpoint.",
      "'scanformer-trainer tokenizer' builds a tokenizer from a dataset's expressions: see its --help."
    })
@SuppressWarnings("try") // the directory and the data are held by being open
final class TrainCommand implements Callable<Integer> {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Mixin private LabelOptions labels;

  @Mixin private StartOptions start;

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda[:N]",
      defaultValue = "cpu",
      description =
          "PyTorch's device; cuda needs its build for CUDA, on the class path or by --libtorch."
              + " Default: cpu.")
  private String deviceName;

  @Option(
      names = "--libtorch",
      paramLabel = "DIR",
      description =
          "Use PyTorch's libraries of this directory, such as torch/lib of a Python package with CUDA."
              + " Default: those of the class path.")
  private Path libtorch;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The run's directory; a run in it is resumed.")
  private Path out;

  @Option(
      names = "--dry-run",
      description =
          "Write nothing: count the data, take a few steps, and tell the run's time and memory.")
  private boolean dryRun;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Steps of the run. Default: 20000.")
  private long steps;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "0",
      description =
          "Train for this time in place of a number of steps: the learning rate and all else that"
              + " changes goes by it, also when resumed. The last evaluation comes after it. Such a"
              + " run is not the same again.")
  private double seconds;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "48",
      description = "Pairs per step. Default: 48.")
  private int batch;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Random seed. Default: 1.")
  private long seed;

  @Option(
      names = "--optimizer",
      paramLabel = "muon|adamw",
      defaultValue = "muon",
      description = "Optimizer of the layers' matrices; all else uses AdamW. Default: muon.")
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
          "Decay of the learning rate: linear after 30 %% of the run, or cosine. Default: linear.")
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
      description = "Steps in which the learning rate rises. Default: 200.")
  private long warmup;

  @Option(
      names = "--budget",
      paramLabel = "SHARE",
      defaultValue = "0.34",
      description =
          "Largest share of the finest patches that the chosen threshold may select. Default: 0.34.")
  private double budget;

  @Option(
      names = "--no-curriculum",
      description =
          "Start without simple scenes and full selection: for --init with a model of ours.")
  private boolean noCurriculum;

  @Option(
      names = "--precision",
      paramLabel = "fp32|bf16",
      description =
          "Type of matrix products; weights, sums and losses stay fp32. Default: bf16 on GPUs and on"
              + " CPUs with AVX512-BF16, otherwise fp32, as other CPUs emulate bf16.")
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
          "Discarded patches as one token with a count, or as a token each; both have the same"
              + " results and gradients, merged is faster. Default: merged.")
  private TrainingModel.Form form;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads; 0 for all. Default: 0.")
  private int threads;

  @Option(
      names = "--data-threads",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Threads that make batches ahead, each another one; for GPUs, about as many as there are"
              + " cores. Default: 1.")
  private int dataThreads;

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
      description = "Steps between evaluations on held-out pairs. Default: 2000.")
  private long validateEvery;

  @Override
  public Integer call() throws IOException {
    requireSensible();
    Torch.start(libtorch, deviceName.startsWith("cuda"));
    if (threads > 0) {
      torch.set_num_threads(threads);
    }
    if (dryRun) {
      tryOut();
      return 0;
    }
    try (RunDirectory directory = RunDirectory.open(out);
        DataOptions opened = data.open()) {
      List<HeldOut> heldOut = data.validation();
      try (StopSignal signal = StopSignal.install();
          TrainingSetup setup = setUp(out, steps)) {
        data.trainingSets()
            .forEach(set -> setup.extent(set).warn(set.name(), spec.commandLine().getErr()));
        new TrainingRun(
                setup.trainer(),
                setup.options(),
                setup.parameters(),
                schedule(),
                out,
                spec.commandLine().getErr())
            .run(heldOut, signal::requested);
      }
    }
    return 0;
  }

  private void tryOut() throws IOException {
    RunDirectory.requirePossible(out);
    data.withoutCache();
    try (ScratchDirectory scratch = ScratchDirectory.copyOf(out, "config.json", "tokenizer.json");
        DataOptions opened = data.open()) {
      List<HeldOut> heldOut = data.validation();
      long planSteps = Math.max(steps, done());
      try (StopSignal signal = StopSignal.install();
          TrainingSetup setup = setUp(scratch.path(), planSteps + DryRun.STEPS)) {
        if (isResumed()) {
          setup.trainer().restore(checkpoint());
        }
        DryRun.Run planned = new DryRun.Run(out, done(), planSteps, schedule());
        new DryRunReport(planned, setup, data.trainingSets(), heldOut, deviceName)
            .print(spec.commandLine().getOut(), spec.commandLine().getErr(), signal::requested);
      }
    }
  }

  private TrainingRun.Schedule schedule() {
    return new TrainingRun.Schedule(checkpointEvery, validateEvery, budget);
  }

  private Path checkpoint() {
    return out.resolve(TrainingRun.CHECKPOINT);
  }

  /** Steps that the run has taken already. */
  private long done() throws IOException {
    return isResumed() ? CheckpointMetadata.step(checkpoint()) : 0;
  }

  private boolean isResumed() {
    return Files.isRegularFile(checkpoint());
  }

  /**
   * Makes what a run works with.
   *
   * @param directory for config.json and tokenizer.json
   * @param allSteps steps of the run
   */
  private TrainingSetup setUp(Path directory, long allSteps) throws IOException {
    ModelConfig config = start.prepare(directory, isResumed(), data);
    ObjectWords words =
        ObjectWords.of(
            data.trainingSets(),
            ScanFormerCheckpoint.vocabulary(directory.resolve("tokenizer.json")),
            labels.words());
    AuxiliaryHeads heads = AuxiliaryHeads.of(data.trainingSets(), words);
    Device device = new Device(deviceName);
    Parameters parameters = new Parameters(config, heads.shapes(config), device);
    try {
      start.initialize(parameters, seed, directory, isResumed(), spec.commandLine().getErr());
      ScalarType products = productType(device);
      TrainingModel model = new TrainingModel(parameters, device, products, form);
      Losses losses =
          new Losses(model, budget, labels.trim(), config.scoreHead(), data.hasAbsent(), heads);
      TrainOptions options =
          new TrainOptions(
              allSteps,
              seconds,
              batch,
              rate,
              muonRate,
              optimizer == OptimizerName.MUON,
              weightDecay,
              decay == Decay.COSINE,
              warmup,
              seed,
              !noCurriculum);
      TrainingData batches = data.training(config, batch, seed, !noCurriculum, labels);
      TextTokenizer tokenizer = TextTokenizer.open(directory.resolve("tokenizer.json"), config);
      LeftOut leftOut = new LeftOut(spec.commandLine().getErr());
      List<BatchBuilder> builders = new ArrayList<>();
      for (int i = 0; i < dataThreads; i++) {
        builders.add(new BatchBuilder(config, tokenizer, heads, leftOut));
      }
      Trainer trainer = new Trainer(options, parameters, model, losses, heads, batches, builders);
      return new TrainingSetup(options, parameters, model, tokenizer, batches, trainer);
    } catch (IOException | RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  private ScalarType productType(Device device) throws IOException {
    boolean bf16 =
        precision == null
            ? device.is_cuda() || Files.readString(CPU_INFO).contains("avx512_bf16")
            : precision == PrecisionName.BF16;
    spec.commandLine().getErr().println("Products in " + (bf16 ? "bf16" : "fp32"));
    return bf16 ? ScalarType.BFloat16 : ScalarType.Float;
  }

  private void requireSensible() throws IOException {
    data.requireSensible();
    labels.requireSensible(data.isShapes());
    requireAtLeastOne("--steps", steps);
    requireAtLeastOne("--batch", batch);
    requireAtLeastOne("--data-threads", dataThreads);
    requireAtLeastOne("--checkpoint-every", checkpointEvery);
    requireAtLeastOne("--validate-every", validateEvery);
    requireRange("--rate", rate, 0, 10);
    requireRange("--muon-rate", muonRate, 0, 10);
    requireRange("--weight-decay", weightDecay, 0, 1000);
    requireRange("--budget", budget, 0, 1);
    if (warmup < 0) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--warmup must be at least 0, found " + warmup);
    }
    if (!(seconds >= 0) || seconds > 0 && dryRun) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--seconds must be at least 0, and a --dry-run needs --steps");
    }
    start.requireSensible(data, out);
  }

  private void requireAtLeastOne(String option, long value) {
    if (value < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), option + " must be at least 1, found " + value);
    }
  }

  private void requireRange(String option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          String.format(Locale.ROOT, "%s must be %s to %s, found %s", option, least, most, value));
    }
  }
}
