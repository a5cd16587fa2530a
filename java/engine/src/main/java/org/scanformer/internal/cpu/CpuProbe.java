package org.scanformer.internal.cpu;

import java.util.List;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.files.NativeLibraries;
import org.scanformer.natives.api.Api;

/** Loads the CPU backend's native library, and says in words why that fails. Thread-safe. */
public final class CpuProbe {
  private CpuProbe() {}

  /** What the CPU backend finds. Never throws: what goes wrong is in the report. */
  public static DeviceReport probe() {
    try {
      NativeStream.Probe found =
          NativeLibraries.load(() -> NativeStream.probe(Api.sf_cpu_backend(), 0));
      return new DeviceReport(BackendKind.CPU, 0, found.usable(), found.details());
    } catch (LinkageError e) {
      return new DeviceReport(BackendKind.CPU, 0, false, List.of(e.getMessage()));
    }
  }
}
