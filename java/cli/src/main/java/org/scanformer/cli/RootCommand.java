package org.scanformer.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line as picocli knows it: what is common to all commands. */
@Command(
    name = "scanformer",
    description = "Finds the object in an image that an expression describes.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footer = {
      "",
      "Exit codes: 0 for success, 1 when a request failed, 2 for wrong usage,",
      "141 when the reader of standard output ended first, as 'head' does.",
      "'scanformer help COMMAND' shows the options of a command."
    })
final class RootCommand implements Runnable {
  private static final Map<String, Supplier<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("locate", LocateCommand::new);
    COMMANDS.put("video", VideoCommand::new);
    COMMANDS.put("eval", EvalCommand::new);
    COMMANDS.put("data", DataCommand::new);
    COMMANDS.put("shapes", ShapesCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("devices", DevicesCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("completion", CompletionCommand::new);
  }

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** The command line with its commands. */
  static CommandLine commandLine() {
    return commandLine("");
  }

  /**
   * The command line with one of its commands, or with all of them where that is none: each takes
   * its time to be described to picocli.
   */
  static CommandLine commandLine(String name) {
    CommandLine commandLine = new CommandLine(new RootCommand());
    Supplier<?> only = COMMANDS.get(name);
    if (only != null) {
      commandLine.addSubcommand(name, only.get());
    } else {
      COMMANDS.forEach((each, command) -> commandLine.addSubcommand(each, command.get()));
      commandLine.addSubcommand("help", new CommandLine.HelpCommand());
    }
    return commandLine
        .registerConverter(Path.class, new FileName.Converter())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((failure, arguments) -> tellUsage(failure))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              return Main.tellFailure(failure, command.getErr());
            });
  }

  /** Says what is wrong in a line, and where to read on: the whole help would hide it. */
  private static int tellUsage(CommandLine.ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("scanformer: " + failure.getMessage().replaceFirst("^Error: ", ""));
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("'" + command.getCommandSpec().qualifiedName() + " --help' shows the usage.");
    return Main.USAGE;
  }

  /** Without a command there is nothing to do. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(),
        "A command is missing: " + String.join(", ", COMMANDS.keySet()) + " or help");
  }

  /** Reads the version that the build wrote. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() throws Exception {
      Properties properties = new Properties();
      try (var in = RootCommand.class.getResourceAsStream("version.properties")) {
        properties.load(in);
      }
      return new String[] {
        "scanformer " + properties.getProperty("version"),
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
      };
    }
  }
}
