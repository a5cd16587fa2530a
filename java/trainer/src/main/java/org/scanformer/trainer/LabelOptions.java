package org.scanformer.trainer;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options for data whose categories are uneven, or whose boxes are in part wrong. */
final class LabelOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--balance",
      paramLabel = "A",
      defaultValue = "0",
      description =
          "Files: how much frequent categories are thinned out, each epoch anew, 0 to 1: of one that"
              + " is n times as frequent as the median category, an n^-A-th part is used. Default: 0.")
  private double balance;

  @Option(
      names = "--trim",
      paramLabel = "SHARE",
      defaultValue = "0",
      description =
          "Leave out the largest losses of the targets' boxes, this share of a batch's, after a tenth of"
              + " the run: for data with wrong boxes. Default: 0.")
  private double trim;

  @Option(
      names = "--words",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "Files: patches learn to name the words that expressions say of what covers them, the N"
              + " most frequent ones; 0 for none. Default: ${DEFAULT-VALUE}.")
  private int words;

  /** Refuses what cannot be done with the data. */
  void requireSensible(boolean shapes) {
    if (shapes && balance > 0) {
      throw error("--balance is for files: drawn scenes are balanced");
    }
    if (!(balance >= 0 && balance <= 1)) {
      throw error("--balance takes 0 to 1, found " + balance);
    }
    if (words < 0) {
      throw error("--words must not be negative, found " + words);
    }
    if (!(trim >= 0 && trim <= 0.5)) {
      throw error("--trim takes a share from 0 to 0.5, found " + trim);
    }
  }

  int words() {
    return words;
  }

  private CommandLine.ParameterException error(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  double balance() {
    return balance;
  }

  double trim() {
    return trim;
  }
}
