package org.scanformer.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What can be done with data, without a model. */
@Command(
    name = "data",
    description = "Looks into data to train or evaluate on.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    subcommands = DataCheckCommand.class)
final class DataCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** Without a command there is nothing to do. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "A command is missing: data check");
  }
}
