package org.scanformer.trainer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.scanformer.datasets.ReferringDataset;
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
    List<String> texts = new ArrayList<>();
    try (DataOptions opened = data) {
      for (ReferringDataset dataset : opened.trainingSets()) {
        for (int i = 0; i < dataset.size(); i++) {
          texts.add(dataset.pair(i).expression());
        }
      }
    }
    List<String> tokens = new ArrayList<>(ShapesTokenizer.SPECIAL);
    tokens.addAll(WordPieces.build(texts, size - tokens.size()));
    ShapesTokenizer.write(out, maxLength, tokens);
    spec.commandLine()
        .getOut()
        .println(out + ": " + tokens.size() + " tokens from " + texts.size() + " expressions");
    return 0;
  }
}
