package org.scanformer.cli;

import java.util.Arrays;
import java.util.Iterator;
import org.scanformer.datasets.DataForm;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The names of forms of data on the command line. No state. */
final class DataForms {
  private DataForms() {}

  /** All names, for completion and help. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(DataForm.values()).map(DataForm::toString).iterator();
    }
  }

  /**
   * The form of a name.
   *
   * @param names all that are possible, for the message
   * @throws CommandLine.ParameterException when there is none
   */
  static DataForm of(CommandSpec spec, String name, Iterable<String> names) {
    return Arrays.stream(DataForm.values())
        .filter(form -> form.toString().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--data takes one of " + String.join(", ", names) + ", found " + name));
  }
}
