package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.cpu.CpuBackend;
import org.scanformer.internal.cpu.CpuProbe;
import org.scanformer.internal.cuda.CudaBackend;
import org.scanformer.internal.cuda.CudaDevices;

/** Finds the devices there are and opens the one asked for. Thread-safe. */
public final class Backends {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private Backends() {}

  /** What every backend finds on this machine, the preferred first. Never throws. */
  public static List<DeviceReport> devices() {
    List<DeviceReport> reports = new ArrayList<>(CudaDevices.probe());
    reports.add(CpuProbe.probe());
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
    if (options.backend() == BackendKind.CUDA) {
      return CudaBackend.open(CudaDevices.probe(options.device()), options.precision());
    }
    DeviceReport device = CudaDevices.probe(options.device());
    if (device.usable()) {
      return CudaBackend.open(device, options.precision());
    }
    LOG.log(
        System.Logger.Level.DEBUG,
        () -> "Running on the CPU: " + String.join("; ", device.details()));
    return CpuBackend.open(options.precision(), options.threads());
  }

  /**
   * Runs work while another thread loads the native libraries that {@link #open} will need. Waits
   * for both: while a library is being loaded, a process must not end.
   */
  public static <T> T whileLoading(ScanFormerOptions options, Supplier<T> work) {
    Thread loading = new Thread(() -> load(options), "scanformer-loading");
    loading.setDaemon(true);
    loading.start();
    try {
      return work.get();
    } finally {
      join(loading);
    }
  }

  /** What goes wrong here does so again in {@link #open}, which says it. */
  private static void load(ScanFormerOptions options) {
    if (options.backend() != BackendKind.CPU) {
      CudaDevices.probe(options.device());
    }
    CpuProbe.probe();
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
