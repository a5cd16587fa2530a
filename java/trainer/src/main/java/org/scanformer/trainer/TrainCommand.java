package org.scanformer.trainer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
      "The run's directory holds checkpoint.safetensors, curves.csv, curves.png and the model directory"
          + " model/. A run that is started again in the same directory resumes from its checkpoint."
    })
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @ArgGroup(exclusive = true)
  private Start start;

  /** What a new model starts from. */
  static final class Start {
    @Option(
        names = "--init",
        paramLabel = "DIR",
        description =
            "Start with the weights, sizes and tokenizer of a ViLT checkpoint in Hugging Face's format.")
    private Path vilt;

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
      description = "PyTorch's device; cuda needs its CUDA build on the class path. Default: cpu.")
  private String deviceName;

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
      names = "--precision",
      paramLabel = "fp32|bf16",
      defaultValue = "bf16",
      description = "Type of matrix products; weights, sums and losses stay fp32. Default: bf16.")
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
    Torch.start();
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
    try (Trainer trainer =
        new Trainer(
            options,
            parameters,
            model,
            losses,
            data.training(config, batch, seed),
            new BatchBuilder(
                config,
                TextTokenizer.open(tokenizerFile, config),
                categories,
                colors,
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
      AtomicFiles.write(configFile, ViltCheckpoint.config(start.vilt).toPrettyString());
    } else if (start != null && start.config != null) {
      AtomicFiles.write(configFile, Files.readAllBytes(start.config));
    } else {
      try (InputStream in = TrainCommand.class.getResourceAsStream("shapes-config.json")) {
        AtomicFiles.write(configFile, in.readAllBytes());
      }
    }
    ModelConfig config = ModelConfig.read(configFile);
    if (tokenizer != null) {
      AtomicFiles.write(tokenizerFile, Files.readAllBytes(tokenizer));
    } else if (start != null && start.vilt != null) {
      AtomicFiles.write(tokenizerFile, Files.readAllBytes(start.vilt.resolve("tokenizer.json")));
    } else {
      int words = ShapesTokenizer.vocabulary().size();
      if (config.vocabSize() < words) {
        throw new CommandLine.ParameterException(
            spec.commandLine(),
            "the words of shapes need a vocab_size of " + words + ", found " + config.vocabSize());
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
}
