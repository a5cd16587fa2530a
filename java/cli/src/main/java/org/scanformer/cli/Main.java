package org.scanformer.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.scanformer.ScanFormerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. Answers go to standard output, everything else to standard error. */
@Command(
    name = "scanformer",
    description = "Finds the object in an image that an expression describes.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Exit codes: 0 for success, 1 when a request failed, 2 for wrong usage.",
      "'scanformer help COMMAND' shows the options of a command."
    })
public final class Main implements Runnable {
  static final int FAILURE = 1;
  static final int USAGE = 2;
  static final String NOT_WRITTEN =
      "standard output could not be written to; is its disk full, or its reader gone?";

  private static final Map<String, Supplier<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("locate", LocateCommand::new);
    COMMANDS.put("eval", EvalCommand::new);
    COMMANDS.put("shapes", ShapesCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("devices", DevicesCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("completion", CompletionCommand::new);
  }

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Runs the command line and exits the JVM with its exit code. */
  public static void main(String[] args) {
    // Without this, Java2D in the decoders and the overlay may look for a display.
    System.setProperty("java.awt.headless", "true");
    // No option is of these types; without this, picocli loads them with hundreds of classes.
    System.setProperty("picocli.converters.excludes", "java\\.(sql|time)\\..*");
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = commandLine(args.length == 0 ? "" : args[0]).setOut(out).setErr(err).execute(args);
    if (out.checkError() && code != FAILURE) {
      err.println("scanformer: " + NOT_WRITTEN);
      code = FAILURE;
    }
    err.flush();
    System.exit(code);
  }

  /** The command line with its commands. */
  static CommandLine commandLine() {
    return commandLine("");
  }

  /**
   * The command line with one of its commands, or with all of them where that is none: each takes
   * its time to be described to picocli.
   */
  private static CommandLine commandLine(String name) {
    CommandLine commandLine = new CommandLine(new Main());
    Supplier<?> only = COMMANDS.get(name);
    if (only != null) {
      commandLine.addSubcommand(name, only.get());
    } else {
      COMMANDS.forEach((each, command) -> commandLine.addSubcommand(each, command.get()));
      commandLine.addSubcommand("help", new CommandLine.HelpCommand());
    }
    return commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((failure, arguments) -> tellUsage(failure))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              String message =
                  failure instanceof ScanFormerException || failure instanceof CliException
                      ? failure.getMessage()
                      : failure.toString();
              command.getErr().println("scanformer: " + message);
              return FAILURE;
            });
  }

  /** Says what is wrong in a line, and where to read on: the whole help would hide it. */
  private static int tellUsage(CommandLine.ParameterException failure) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("scanformer: " + failure.getMessage().replaceFirst("^Error: ", ""));
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("'" + command.getCommandSpec().qualifiedName() + " --help' shows the usage.");
    return USAGE;
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
      try (var in = Main.class.getResourceAsStream("version.properties")) {
        properties.load(in);
      }
      return new String[] {
        "scanformer " + properties.getProperty("version"),
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
      };
    }
  }
}
