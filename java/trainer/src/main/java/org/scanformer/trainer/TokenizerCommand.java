package org.scanformer.trainer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.internal.model.TextTokenizer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Builds a tokenizer from the expressions of datasets. */
@Command(
    name = Main.NAME + " tokenizer",
    description = "Builds a WordPiece tokenizer from the expressions that a model is trained on.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
final class TokenizerCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "3200",
      description = "Most tokens of the vocabulary. Default: 3200.")
  private int size;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      defaultValue = "20",
      description = "Most tokens of an expression, [CLS] and [SEP] included. Default: 20.")
  private int maxLength;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The tokenizer.json to write.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    data.requireSensible();
    if (data.isShapes()) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--data shapes has a tokenizer of its own; expected another form");
    }
    try (DataOptions opened = data) {
      build(opened.trainingSets());
    }
    return 0;
  }

  private void build(List<ReferringDataset> datasets) throws IOException {
    List<String> texts = new ArrayList<>();
    for (ReferringDataset dataset : datasets) {
      for (int i = 0; i < dataset.size(); i++) {
        texts.add(dataset.pair(i).expression());
      }
    }
    List<String> tokens = new ArrayList<>(ShapesTokenizer.SPECIAL);
    tokens.addAll(WordPieces.build(texts, size - tokens.size()));
    ShapesTokenizer.write(out, maxLength, tokens);
    PrintWriter report = spec.commandLine().getOut();
    report.println(out + ": " + tokens.size() + " tokens from " + texts.size() + " expressions");
    // Uncut, so that the words of long expressions count too.
    TextTokenizer tokenizer = TextTokenizer.open(out, tokens.size(), Integer.MAX_VALUE);
    datasets.stream()
        .map(dataset -> ExpressionExtent.of(dataset, tokenizer, maxLength))
        .reduce(ExpressionExtent::plus)
        .ifPresent(
            extent -> {
              report.println(extent.lengths() + (extent.cut() > 0 ? "; raise --max-length" : ""));
              report.println(extent.unknownWords());
            });
  }
}
