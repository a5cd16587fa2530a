package org.scanformer.cli;

import org.scanformer.BackendKind;
import org.scanformer.Precision;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/** The options of every command that opens a model: device, precision and threads. */
final class DeviceOptions {
  @Option(
      names = "--backend",
      paramLabel = "auto|cpu|cuda",
      defaultValue = "auto",
      description =
          "Kind of device; auto takes a usable CUDA device, otherwise the CPU. Default: auto.")
  private BackendKind backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      defaultValue = "0",
      description = "Number of the device among those of its kind. Default: 0.")
  private int device;

  @Option(
      names = "--precision",
      paramLabel = "fp32|tf32|fp16|bf16",
      description = "Type of matrix products. Default: the device's own; fp32 on the CPU.")
  private Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "CPU threads; 0 for as many as there are processors, or as a container's quota allows."
              + " Default: 0.")
  private int threads;

  /** Options to load a model with. */
  ScanFormerOptions.Builder toBuilder() {
    return ScanFormerOptions.builder()
        .backend(backend)
        .device(device)
        .precision(precision)
        .threads(threads);
  }

  /** The device's number. */
  int device() {
    return device;
  }

  /** Whether a model that is loaded with these options runs on a GPU. */
  boolean usesGpu() {
    return backend == BackendKind.CUDA
        || backend == BackendKind.AUTO
            && ScanFormer.devices().stream()
                .anyMatch(each -> each.backend() == BackendKind.CUDA && each.usable());
  }
}
