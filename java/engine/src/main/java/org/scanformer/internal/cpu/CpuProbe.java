package org.scanformer.internal.cpu;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.Precision;
import org.scanformer.internal.backend.DeviceFacts;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.files.CacheDirectory;
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
      facts.reason(explain(e));
    }
    return facts.report(CpuProbe::precisions);
  }

  private static List<Precision> precisions(Map<String, String> properties) {
    return "true".equals(properties.get("bf16"))
        ? List.of(Precision.FP32, Precision.BF16)
        : List.of(Precision.FP32);
  }

  private static String explain(LinkageError error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return "its native library could not be loaded: "
        + (root instanceof IOException ? root.getMessage() : root)
        + ". It is unpacked from the jars to a directory that must be the user's own, with mode"
        + " 0700, and writable ("
        + cacheDirectory()
        + "); choose another with -Dorg.scanformer.cache=DIRECTORY, or for JavaCPP alone with"
        + " -Dorg.bytedeco.javacpp.cachedir=DIRECTORY. The jars needed are"
        + " scanformer-native, javacpp and dnnl with the classifier "
        + Loader.Detector.getPlatform();
  }

  private static String cacheDirectory() {
    String javacpp = System.getProperty(NativeLibraries.JAVACPP_PROPERTY);
    String configured = javacpp != null ? javacpp : System.getProperty(CacheDirectory.PROPERTY);
    return configured != null
        ? configured
        : System.getProperty("user.home") + "/.cache/scanformer by default";
  }
}
