package org.scanformer.cli;

import java.util.function.Supplier;
import org.scanformer.ScanFormerException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Values of options that the library refuses. */
final class Usage {
  private Usage() {}

  /**
   * Makes of options' values what the library takes.
   *
   * @throws ParameterException for what it refuses
   */
  static <T> T of(CommandSpec spec, Supplier<T> options) {
    try {
      return options.get();
    } catch (ScanFormerException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage());
    }
  }
}
