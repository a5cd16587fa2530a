package org.scanformer.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.scanformer.internal.model.ModelConfig;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that choose the model that a run starts with: its sizes, words and values. */
final class StartOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

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
      names = "--layers",
      paramLabel = "N+M",
      description =
          "Grow the model of --init to N layers in its first half and M in its second. New layers are"
              + " spread between the old ones and add nothing at first, so that the model begins as"
              + " the same function.")
  private String layers;

  /** The directory of {@code --init}, or null. */
  private Path checkpoint() {
    return start == null ? null : start.checkpoint;
  }

  /** The numbers of {@code --layers}, or null. */
  private int[] grown() {
    return layers == null
        ? null
        : Arrays.stream(layers.split("\\+")).mapToInt(Integer::parseInt).toArray();
  }

  /** Refuses options that do not fit one another. */
  void requireSensible(DataOptions data, Path out) throws IOException {
    Path from = checkpoint();
    if (from != null && Files.exists(from) && Files.exists(out) && Files.isSameFile(from, out)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--out must be another directory than --init, whose config.json it would replace, found "
              + out);
    }
    if (layers != null && !layers.matches("[1-9][0-9]{0,2}\\+[1-9][0-9]{0,2}")) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--layers takes two numbers such as 4+4, found " + layers);
    }
    if (layers != null && (from == null || !ScanFormerCheckpoint.is(from))) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--layers needs --init with a model directory of ours");
    }
    if (!data.isShapes() && tokenizer == null && from == null) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "data other than shapes needs --init, or --config with --tokenizer");
    }
  }

  /**
   * Writes a run's config.json and tokenizer.json, and what it begins with, and reads the first.
   * Those of a run that is resumed stay as they are, since its checkpoint fits no others.
   *
   * @param run the directory; those of a run that is resumed are in it
   * @param resumed whether the run has a checkpoint
   */
  ModelConfig prepare(Path run, boolean resumed, DataOptions data) throws IOException {
    Path configFile = run.resolve("config.json");
    Path tokenizerFile = run.resolve("tokenizer.json");
    Path from = checkpoint();
    if (resumed && Files.isRegularFile(configFile) && Files.isRegularFile(tokenizerFile)) {
      requireSame("--config", start == null ? null : start.config, configFile);
      requireSame("--tokenizer", tokenizer, tokenizerFile);
      ModelConfig own = ModelConfig.read(configFile);
      requireSameLayers(own, configFile);
      if (from != null) {
        RunStart.tellOther(run, from, spec.commandLine().getErr());
      }
      // ViLT's words are many, and its model may not be at hand any more.
      boolean shapesOwn =
          from == null
              || Files.exists(from.resolve("config.json")) && ScanFormerCheckpoint.is(from);
      if (shapesOwn && tokenizer == null && data.isShapes()) {
        requireWords(tokenizerFile, data.shapesTokens());
      }
      return own;
    }
    if (!resumed) {
      RunStart.write(run, from);
    }
    boolean ours = from != null && ScanFormerCheckpoint.is(from);
    boolean shapesWords = tokenizer == null && data.isShapes() && (from == null || ours);
    if (start != null && start.config != null) {
      RunFiles.write(configFile, Files.readAllBytes(start.config));
    } else {
      ObjectNode config =
          from == null
              ? smallConfig()
              : ours
                  ? ScanFormerCheckpoint.config(from, tokenizer, grown())
                  : ViltCheckpoint.config(from);
      if (shapesWords && ours) {
        int longest = Math.max(config.path("max_text_length").asInt(), data.shapesTextLength());
        Path own = from.resolve("tokenizer.json");
        int tokens = ShapesTokenizer.extend(own, tokenizerFile, longest, data.shapesTokens());
        config.put("vocab_size", Math.max(config.path("vocab_size").asInt(), tokens));
        config.put("max_text_length", longest);
      } else if (shapesWords) {
        config.put("vocab_size", data.shapesTokens().size());
        config.put("max_text_length", data.shapesTextLength());
      }
      RunFiles.write(configFile, config.toPrettyString());
    }
    ModelConfig config = ModelConfig.read(configFile);
    if (!shapesWords) {
      Path file = tokenizer != null ? tokenizer : from.resolve("tokenizer.json");
      RunFiles.write(tokenizerFile, Files.readAllBytes(file));
      return config;
    }
    if (ours) {
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

  /** Refuses a file that says something else than a resumed run's. */
  private void requireSame(String option, Path given, Path own) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    if (given != null
        && Files.exists(given)
        && !mapper.readTree(given.toFile()).equals(mapper.readTree(own.toFile()))) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          option
              + " "
              + given
              + " differs from "
              + own
              + " of the run that is resumed: leave it out, or give another --out");
    }
  }

  /** Refuses to grow the model of a resumed run. */
  private void requireSameLayers(ModelConfig own, Path file) {
    int first = own.encoder1Layers();
    int[] layersOfRun = {first, own.numHiddenLayers() - first};
    if (layers != null && !Arrays.equals(grown(), layersOfRun)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          String.format(
              Locale.ROOT,
              "--layers %s differs from the %d+%d layers in %s of the run that is resumed: leave it"
                  + " out, or give another --out",
              layers,
              layersOfRun[0],
              layersOfRun[1],
              file));
    }
  }

  /** Refuses data with words that a resumed run's tokenizer does not have. */
  private void requireWords(Path own, List<String> tokens) {
    Set<String> missing = new TreeSet<>(tokens);
    missing.removeAll(ScanFormerCheckpoint.vocabulary(own).keySet());
    if (!missing.isEmpty()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          own
              + " of the run that is resumed lacks "
              + missing.size()
              + " words of the data, such as \""
              + missing.iterator().next()
              + "\": resume without --varied, or give another --out");
    }
  }

  /**
   * Gives a new run's parameters their first values.
   *
   * @param run holds tokenizer.json
   * @param resumed whether the run has a checkpoint, which gives the values later
   */
  void initialize(Parameters parameters, long seed, Path run, boolean resumed, PrintWriter err) {
    parameters.initialize(seed);
    Path from = resumed ? null : checkpoint();
    if (from != null && ScanFormerCheckpoint.is(from)) {
      ScanFormerCheckpoint.copy(from, parameters, run.resolve("tokenizer.json"));
    } else if (from != null) {
      List<String> unused = ViltCheckpoint.copy(from, parameters);
      err.println("Not used of " + from + ": " + unused);
    }
  }

  private static ObjectNode smallConfig() throws IOException {
    try (InputStream in = StartOptions.class.getResourceAsStream("shapes-config.json")) {
      return (ObjectNode) new ObjectMapper().readTree(in);
    }
  }
}
