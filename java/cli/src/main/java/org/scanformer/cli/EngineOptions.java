package org.scanformer.cli;

import org.scanformer.BackendKind;
import org.scanformer.Precision;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/** The options that every command that opens a model takes. */
final class EngineOptions {
  @Option(
      names = "--backend",
      paramLabel = "auto|cpu|cuda",
      defaultValue = "auto",
      description = "Device family; auto takes a usable CUDA device, else the CPU. Default: auto.")
  private BackendKind backend;

  @Option(
      names = "--device",
      paramLabel = "N",
      defaultValue = "0",
      description = "Device number within the family. Default: 0.")
  private int device;

  @Option(
      names = "--precision",
      paramLabel = "fp32|tf32|fp16|bf16",
      description = "Type of matrix products. Default: the device's own, fp32 on the CPU.")
  private Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "CPU threads; 0, the default, for all.")
  private int threads;

  /** Options for the engine. */
  ScanFormerOptions.Builder toBuilder() {
    return ScanFormerOptions.builder()
        .backend(backend)
        .device(device)
        .precision(precision)
        .threads(threads);
  }
}
