package org.scanformer.trainer;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.scanformer.ScanFormerException;
import picocli.CommandLine;

/** The trainer's command line. */
public final class Main {
  private Main() {}

  /** Runs the command line and exits the JVM: 0 for success, 1 for failure, 2 for wrong usage. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    // JavaCPP's limit follows the Java heap's, which does not apply to PyTorch's memory.
    System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
    System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new TrainCommand())
        .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> {
              if (failure instanceof CommandLine.ParameterException usage) {
                throw usage;
              }
              command
                  .getErr()
                  .println(
                      "train: "
                          + (failure instanceof ScanFormerException
                                  || failure instanceof IllegalArgumentException
                              ? failure.getMessage()
                              : failure.toString()));
              return 1;
            });
  }
}
