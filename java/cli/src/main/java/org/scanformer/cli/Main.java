package org.scanformer.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.scanformer.ScanFormerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. Answers go to standard output, everything else to standard error. */
@Command(
    name = "scanformer",
    description = "Finds the object in an image that an expression describes.",
    subcommands = {
      LocateCommand.class,
      EvalCommand.class,
      ShapesCommand.class,
      InspectCommand.class,
      DevicesCommand.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    footer = {
      "",
      "Exit codes: 0 for success, 1 when a request failed, 2 for wrong usage.",
      "'scanformer COMMAND --help' shows the options of a command."
    })
public final class Main implements Runnable {
  static final int FAILURE = 1;
  static final int USAGE = 2;
  static final String NOT_WRITTEN =
      "standard output could not be written to; is its disk full, or its reader gone?";

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Runs the command line and exits the JVM with its exit code. */
  public static void main(String[] args) {
    // Without this, Java2D in the decoders and the overlay may look for a display.
    System.setProperty("java.awt.headless", "true");
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = commandLine().setOut(out).setErr(err).execute(args);
    if (out.checkError() && code != FAILURE) {
      err.println("scanformer: " + NOT_WRITTEN);
      code = FAILURE;
    }
    err.flush();
    System.exit(code);
  }

  /** The command line with its subcommands. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
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

  /** Without a command there is nothing to do. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "A command is missing: locate, eval, shapes, inspect or devices");
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
