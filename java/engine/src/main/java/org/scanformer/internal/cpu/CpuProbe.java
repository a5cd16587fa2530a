package org.scanformer.internal.cpu;

import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.natives.api.Api;

/** Loads the CPU backend's native library, and says in words why that fails. Thread-safe. */
public final class CpuProbe {
  private CpuProbe() {}

  /** What the CPU backend finds. Never throws: what goes wrong is in the report. */
  public static DeviceReport probe() {
    try {
      NativeStream.Probe found = NativeStream.probe(Api.sf_cpu_backend(), 0);
      return new DeviceReport(BackendKind.CPU, 0, found.usable(), found.details());
    } catch (LinkageError e) {
      return new DeviceReport(BackendKind.CPU, 0, false, List.of(explain(e)));
    }
  }

  private static String explain(LinkageError error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return "its native library could not be loaded: "
        + root
        + ". It is unpacked from the jars to a cache directory that must be writable ("
        + cacheDirectory()
        + "); choose another with -Dorg.bytedeco.javacpp.cachedir=DIRECTORY. The jars needed are"
        + " scanformer-native, javacpp and dnnl with the classifier "
        + Loader.Detector.getPlatform();
  }

  private static String cacheDirectory() {
    String configured = System.getProperty("org.bytedeco.javacpp.cachedir");
    return configured != null
        ? configured
        : System.getProperty("user.home") + "/.javacpp/cache by default";
  }
}
