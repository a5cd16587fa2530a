package org.scanformer.cli;

import java.io.IOException;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Option;

/** The option that chooses a model. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "NAME|DIR",
      defaultValue = ModelChoice.DEFAULT,
      converter = ModelChoice.Converter.class,
      completionCandidates = ModelChoice.Names.class,
      description =
          "A bundled model, photos or shapes, or a model directory, with config.json,"
              + " model.safetensors and tokenizer.json; ./photos is a directory of that name."
              + " Default: shapes.")
  private ModelChoice choice;

  /** As {@link ModelChoice#load}. */
  ScanFormer load(ScanFormerOptions options) {
    return choice.load(options);
  }

  /** As {@link ModelChoice#digest}. */
  String digest() throws IOException {
    return choice.digest();
  }

  /** The name of the model in reports. */
  String name() {
    return choice.name();
  }
}
