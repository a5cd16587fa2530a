package org.scanformer.cli;

import org.scanformer.SelectionPolicy;
import picocli.CommandLine.Option;

/** The options that choose which patches are selected. */
class SelectionOption {
  @Option(
      names = "--threshold",
      paramLabel = "T",
      description = "Select patches with a probability above T. Default: the model's threshold.")
  private Double threshold;

  @Option(
      names = "--max-patches",
      paramLabel = "K",
      description = "Select the K most probable patches at each scale.")
  private Integer maxPatches;

  @Option(names = "--all", description = "Select every patch.")
  private boolean all;

  SelectionPolicy policy() {
    if (threshold != null) {
      return SelectionPolicy.threshold(threshold);
    }
    if (maxPatches != null) {
      return SelectionPolicy.topK(maxPatches);
    }
    return all ? SelectionPolicy.all() : SelectionPolicy.checkpoint();
  }

  /** The selection, for reports. */
  @Override
  public String toString() {
    if (threshold != null) {
      return "threshold " + threshold;
    }
    if (maxPatches != null) {
      return "max patches " + maxPatches;
    }
    return all ? "all" : "checkpoint";
  }
}
