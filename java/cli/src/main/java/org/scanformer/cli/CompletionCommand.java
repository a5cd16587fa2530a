package org.scanformer.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints the script that completes this command line in a shell. */
@Command(
    name = "completion",
    description = "Prints a script that completes commands and options in bash or zsh.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "It completes the word 'scanformer', which target/scanformer or an alias may stand for. In"
          + " bash: source <(scanformer completion)"
    })
final class CompletionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    // Not the root of this command's line, which may have this command alone.
    CommandLine root = RootCommand.commandLine();
    spec.commandLine().getOut().print(AutoComplete.bash(root.getCommandName(), root));
    spec.commandLine().getOut().flush();
  }
}
