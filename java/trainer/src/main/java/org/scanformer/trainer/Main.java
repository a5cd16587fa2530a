package org.scanformer.trainer;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;
import picocli.CommandLine;

/** The trainer's command line. */
public final class Main {
  static final String NAME = "scanformer-trainer";

  private Main() {}

  /** Runs the command line and exits the JVM: 0 for success, 1 for failure, 2 for wrong usage. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    // JavaCPP's limit follows the Java heap's, which does not apply to PyTorch's memory.
    System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
    System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    boolean tokenizer = args.length > 0 && args[0].equals("tokenizer");
    System.exit(
        tokenizer
            ? commandLine(new TokenizerCommand()).execute(Arrays.copyOfRange(args, 1, args.length))
            : commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return commandLine(new TrainCommand());
  }

  static CommandLine commandLine(Object application) {
    return new CommandLine(application)
        .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler((failure, arguments) -> tellUsage(failure))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              command
                  .getErr()
                  .println(
                      command.getCommandName()
                          + ": "
                          + (failure instanceof ScanFormerException
                                  || failure instanceof IllegalArgumentException
                              ? failure.getMessage()
                              : SystemMessages.of(failure)));
              return 1;
            });
  }

  /** Says what is wrong in a line, and where to read on: the whole help would hide it. */
  private static int tellUsage(CommandLine.ParameterException failure) {
    PrintWriter err = failure.getCommandLine().getErr();
    String name = failure.getCommandLine().getCommandName();
    err.println(name + ": " + failure.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("'" + name + " --help' shows the usage.");
    return 2;
  }

  /** Tells the version of the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        NAME + " " + (version == null ? "(not from a jar)" : version),
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vm.name")
      };
    }
  }
}
