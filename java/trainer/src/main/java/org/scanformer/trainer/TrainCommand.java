package org.scanformer.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.scanformer.internal.files.AtomicFiles;
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

  @ArgGroup(exclusive = true)
  private Start start;

  /** What a new model starts from. */
  static final class Start {
    @Option(
        names = "--init",
        paramLabel = "DIR",
        description =
            "Start with the weights, sizes and tokenizer of a ViLT checkpoint in Hugging Face's"
                + " format, or of a model directory of ours; with --data shapes, words are added to"
                + " the latter's tokenizer as needed, and with --tokenizer, it takes that one's words"
                + " and longest text.")
    private Path checkpoint;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description =
            "Start with random weights in the sizes of this config.json; data other than shapes also"
                + " needs --tokenizer. Default: a small model for shapes.")
    private Path config;
  }

  @Option(
      names = "--tokenizer",
      paramLabel = "FILE",
      description =
          "The tokenizer.json to use. Default: that of --init, or one with the words of shapes.")
  private Path tokenizer;

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
      names = "--steps",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Steps of the run. Default: 20000.")
  private long steps;

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
    try (RunDirectory directory = RunDirectory.open(out);
        DataOptions opened = data) {
      train();
    }
    return 0;
  }

  private void train() throws IOException {
    Path tokenizerFile = out.resolve("tokenizer.json");
    ModelConfig config = prepare(tokenizerFile);

    List<List<String>> names = data.objectNames();
    List<String> categories = names.get(0);
    List<String> colors = names.get(1);
    ObjectWords words =
        ObjectWords.of(
            data.trainingSets(), ScanFormerCheckpoint.vocabulary(tokenizerFile), labels.words());
    Device device = new Device(deviceName);
    Parameters parameters =
        new Parameters(
            config, AuxiliaryHeads.shapes(config, categories, colors, words.size()), device);
    parameters.initialize(seed);
    if (initial() != null && ScanFormerCheckpoint.is(initial())) {
      ScanFormerCheckpoint.copy(initial(), parameters, tokenizerFile);
    } else if (initial() != null) {
      List<String> unused = ViltCheckpoint.copy(initial(), parameters);
      spec.commandLine().getErr().println("Not used of " + initial() + ": " + unused);
    }
    ScalarType type = productType(device);
    TrainingModel model = new TrainingModel(parameters, device, type, form);
    Losses losses =
        new Losses(
            model,
            budget,
            labels.trim(),
            config.scoreHead(),
            !categories.isEmpty(),
            !colors.isEmpty(), words);
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
            seed,
            !noCurriculum);
    try (Trainer trainer =
        new Trainer(
            options,
            parameters,
            model,
            losses,
            data.training(config, batch, seed, !noCurriculum, labels.balance()),
            new BatchBuilder(
                config,
                TextTokenizer.open(tokenizerFile, config),
                categories,
                colors,
                words,
                new LeftOut(spec.commandLine().getErr())))) {
      new TrainingRun(
              trainer,
              options,
              parameters,
              new TrainingRun.Schedule(checkpointEvery, validateEvery, budget),
              out,
              spec.commandLine().getErr())
          .run(data.validation());
    } finally {
      parameters.close();
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

  /** The checkpoint that a new run starts from, or null. A resumed run has its own. */
  private Path initial() {
    boolean resumed = Files.isRegularFile(out.resolve("checkpoint.safetensors"));
    return start == null || resumed ? null : start.checkpoint;
  }

  private void requireSensible() throws IOException {
    data.requireSensible();
    labels.requireSensible(data.isShapes());
    Path from = start == null ? null : start.checkpoint;
    if (from != null && Files.exists(from) && Files.exists(out) && Files.isSameFile(from, out)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--out must be another directory than --init, whose config.json it would replace, found "
              + out);
    }
    if (steps < 1 || batch < 1 || checkpointEvery < 1 || validateEvery < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--steps, --batch, --checkpoint-every and --validate-every must be at least 1");
    }
    boolean ownVocabulary = tokenizer != null || from != null;
    if (!data.isShapes() && !ownVocabulary) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "data other than shapes needs --init, or --config with --tokenizer");
    }
  }

  /** Writes the run's config.json and tokenizer.json and reads the first. */
  private ModelConfig prepare(Path tokenizerFile) throws IOException {
    Path configFile = out.resolve("config.json");
    boolean begun = start != null && start.checkpoint != null && initial() == null;
    if (begun && Files.isRegularFile(configFile) && Files.isRegularFile(tokenizerFile)) {
      return ModelConfig.read(configFile);
    }
    Path from = start == null ? null : start.checkpoint;
    boolean ours = from != null && ScanFormerCheckpoint.is(from);
    boolean shapesWords = tokenizer == null && data.isShapes() && (from == null || ours);
    if (start != null && start.config != null) {
      AtomicFiles.write(configFile, Files.readAllBytes(start.config));
    } else {
      ObjectNode config =
          from == null
              ? smallConfig()
              : ours
                  ? ScanFormerCheckpoint.config(from, tokenizer, null)
                  : ViltCheckpoint.config(from);
      if (shapesWords) {
        config.put("vocab_size", data.shapesTokens().size());
        config.put("max_text_length", data.shapesTextLength());
      }
      AtomicFiles.write(configFile, config.toPrettyString());
    }
    ModelConfig config = ModelConfig.read(configFile);
    if (!shapesWords) {
      Path file = tokenizer != null ? tokenizer : from.resolve("tokenizer.json");
      AtomicFiles.write(tokenizerFile, Files.readAllBytes(file));
      return config;
    }
    List<String> tokens = data.shapesTokens();
    if (config.vocabSize() < tokens.size()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "the words of shapes need a vocab_size of "
              + tokens.size()
              + ", found "
              + config.vocabSize());
    }
    ShapesTokenizer.write(tokenizerFile, config.maxTextLength(), tokens);
    return config;
  }

  private static ObjectNode smallConfig() throws IOException {
    try (InputStream in = TrainCommand.class.getResourceAsStream("shapes-config.json")) {
      return (ObjectNode) new ObjectMapper().readTree(in);
    }
  }
}
