package org.scanformer.cli;

import java.nio.file.Path;
import org.scanformer.datasets.ExpressionSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that say which part of files is read, for every command that reads them. */
final class DataPlace {
  @Option(
      names = "--split",
      paramLabel = "S",
      description =
          "refer: train, val, test, testA, testB, …; flickr30k, voc: one of their lists. Default:"
              + " all; 'eval --data refer' needs one.")
  private String split;

  @Option(
      names = "--split-by",
      paramLabel = "WHO",
      description = "refer: unc, google, umd or berkeley, if a directory has several.")
  private String splitBy;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The directory of the images, if not that of the data.")
  private Path images;

  @Option(
      names = "--expressions",
      paramLabel = "own|boxes|both",
      defaultValue = "own",
      description =
          "Take the data's own expressions, or make some that are true of its boxes by place, size,"
              + " colour and category, or both. Default: ${DEFAULT-VALUE}.")
  private ExpressionSource expressions;

  /** The split, or null for all. */
  String split() {
    return split;
  }

  /** Who made the split, or null. */
  String splitBy() {
    return splitBy;
  }

  /** The directory of the images, or null for that of the data. */
  Path images() {
    return images;
  }

  /** Where the expressions come from. */
  ExpressionSource expressions() {
    return expressions;
  }

  /** Refuses options where a mixture's file has fields for them. */
  static void refuseBesideMixture(CommandSpec spec, String... options) {
    for (String option : options) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new CommandLine.ParameterException(
            spec.commandLine(), option + " is for a form of data; a file of sources names its own");
      }
    }
  }
}
