package org.scanformer.cli;

import org.scanformer.BackendKind;
import org.scanformer.Precision;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that opens a model: device, precision and threads. */
final class DeviceOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

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
      description = "Number of the CUDA device, which is then required. Default: 0.")
  private Integer device;

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

  /**
   * Options to load a model with.
   *
   * @throws ParameterException when a device is named and the CPU too
   */
  ScanFormerOptions.Builder toBuilder() {
    if (device != null && backend == BackendKind.CPU) {
      throw new ParameterException(
          spec.commandLine(), "--device is for CUDA devices, found --backend cpu");
    }
    return ScanFormerOptions.builder()
        .backend(kind())
        .device(device())
        .precision(precision)
        .threads(threads);
  }

  private BackendKind kind() {
    return device == null ? backend : BackendKind.CUDA;
  }

  /** The device's number. */
  int device() {
    return device == null ? 0 : device;
  }

  /** Whether a model that is loaded with these options runs on a GPU. */
  boolean usesGpu() {
    return kind() == BackendKind.CUDA
        || kind() == BackendKind.AUTO
            && ScanFormer.devices().stream()
                .anyMatch(each -> each.backend() == BackendKind.CUDA && each.usable());
  }
}
