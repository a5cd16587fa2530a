package org.scanformer.trainer;

import org.scanformer.datasets.ReferringDataset;
import org.scanformer.internal.model.ModelConfig;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The options for data whose categories are uneven, whose boxes are in part wrong, or whose
 * expressions are not English.
 */
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

  @Option(
      names = "--no-mirror",
      description =
          "Files: no mirror images. Expressions are changed to fit them in English only; one that is"
              + " seen to be of another language is not mirrored, but not all are: give this and"
              + " --no-crop if expressions are not English.")
  private boolean noMirror;

  @Option(
      names = "--no-crop",
      description =
          "Files: no parts of images. Whether an expression stays true of a part is known of English"
              + " only; see --no-mirror.")
  private boolean noCrop;

  /** Refuses what cannot be done with the data. */
  void requireSensible(boolean shapes) {
    if (shapes && balance > 0) {
      throw error("--balance is for files: drawn scenes are balanced");
    }
    if (shapes && (noMirror || noCrop)) {
      throw error("--no-mirror and --no-crop are for files: drawn scenes are not changed");
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

  /**
   * The batches of a dataset of files.
   *
   * @param absent the share of expressions that are not true of their image
   */
  EpochTrainingData epochs(
      ReferringDataset dataset, ModelConfig config, int batch, long seed, double absent) {
    Augmentation augmentation = new Augmentation(config, !noMirror, !noCrop);
    return new EpochTrainingData(dataset, config, batch, seed, absent, balance, augmentation);
  }

  double trim() {
    return trim;
  }
}
