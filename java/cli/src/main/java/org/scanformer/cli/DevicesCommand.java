package org.scanformer.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.scanformer.DeviceReport;
import org.scanformer.ScanFormer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the backends. */
@Command(
    name = "devices",
    description = "Lists each backend and, if it is not usable, every reason.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class)
final class DevicesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    for (DeviceReport report : ScanFormer.devices()) {
      out.println(
          report.backend().name().toLowerCase(Locale.ROOT)
              + " "
              + report.device()
              + ": "
              + (report.usable() ? "usable" : "not usable"));
      report.details().forEach(detail -> out.println("  " + detail));
    }
    return 0;
  }
}
