package org.scanformer.cli;

import java.nio.file.Path;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/** Which model a command runs. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "The model directory: config.json, model.safetensors, tokenizer.json. Default: the bundled"
              + " model of drawn shapes.")
  private Path directory;

  ScanFormer load(ScanFormerOptions options) {
    return directory == null ? ScanFormer.load(options) : ScanFormer.load(directory, options);
  }

  /** Names the model in reports. */
  String name() {
    return directory == null ? "bundled" : directory.toAbsolutePath().normalize().toString();
  }
}
