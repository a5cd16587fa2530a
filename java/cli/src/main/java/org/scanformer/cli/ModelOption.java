package org.scanformer.cli;

import java.nio.file.Path;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/** The option that chooses a model. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "The model directory, with config.json, model.safetensors and tokenizer.json. Default: the"
              + " bundled model of drawn shapes.")
  private Path directory;

  /** Loads the model; the caller closes it. */
  ScanFormer load(ScanFormerOptions options) {
    return directory == null ? ScanFormer.load(options) : ScanFormer.load(directory, options);
  }

  /** The name of the model in reports. */
  String name() {
    return directory == null ? "bundled" : directory.toAbsolutePath().normalize().toString();
  }
}
