package org.scanformer.internal.cpu;

import java.util.List;
import java.util.Map;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.Precision;
import org.scanformer.internal.backend.DeviceFacts;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.files.NativeLibraries;
import org.scanformer.natives.api.Api;

/** Loads the CPU backend's native library, and says in words why that fails. Thread-safe. */
public final class CpuProbe {
  private CpuProbe() {}

  /** What the CPU backend finds. Never throws: what goes wrong is in the report. */
  public static DeviceReport probe() {
    DeviceFacts facts = new DeviceFacts(BackendKind.CPU, 0);
    try {
      facts.add(NativeLibraries.load(() -> NativeStream.probe(Api.sf_cpu_backend(), 0)));
    } catch (LinkageError e) {
      facts.reason(e.getMessage());
    }
    return facts.report(CpuProbe::precisions);
  }

  private static List<Precision> precisions(Map<String, String> properties) {
    return "true".equals(properties.get("bf16"))
        ? List.of(Precision.FP32, Precision.BF16)
        : List.of(Precision.FP32);
  }
}
