package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.cpu.CpuBackend;
import org.scanformer.internal.cpu.CpuLibrary;

/** Finds the devices there are and opens the one asked for. Thread-safe. */
public final class Backends {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private Backends() {}

  /** What every backend finds on this machine, the preferred first. Never throws. */
  public static List<DeviceReport> devices() {
    List<DeviceReport> reports = new ArrayList<>();
    reports.add(
        new DeviceReport(
            BackendKind.CUDA, 0, false, List.of("this version has no CUDA backend yet")));
    reports.add(CpuLibrary.probe());
    return reports;
  }

  /**
   * Opens the device that the options ask for; for AUTO the first usable one.
   *
   * @throws ScanFormerException UNSUPPORTED with every reason found when it is not usable
   */
  public static Backend open(ScanFormerOptions options) {
    if (options.backend() == BackendKind.CPU) {
      return CpuBackend.open(options.precision(), options.threads());
    }
    List<String> reasons = new ArrayList<>();
    for (DeviceReport report : devices()) {
      if (report.backend() == BackendKind.CUDA && !report.usable()) {
        reasons.addAll(report.details());
      }
    }
    if (options.backend() == BackendKind.CUDA) {
      throw new ScanFormerException(
          ErrorCode.UNSUPPORTED,
          "CUDA device " + options.device() + " is not usable: " + String.join("; ", reasons));
    }
    LOG.log(System.Logger.Level.DEBUG, () -> "Running on the CPU: " + String.join("; ", reasons));
    return CpuBackend.open(options.precision(), options.threads());
  }
}
