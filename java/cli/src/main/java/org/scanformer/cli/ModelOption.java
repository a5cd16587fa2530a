package org.scanformer.cli;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
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

  /**
   * Loads the model; the caller closes it.
   *
   * @throws CliException saying what to do with a directory that is not a model's
   */
  ScanFormer load(ScanFormerOptions options) {
    return directory == null
        ? ScanFormer.load(options)
        : advising(directory, () -> ScanFormer.load(directory, options));
  }

  /** Runs what reads a model directory, and adds what to do where it is none. */
  static <T> T advising(Path directory, Supplier<T> work) {
    try {
      return work.get();
    } catch (ScanFormerException e) {
      String advice = e.code() == ErrorCode.BAD_MODEL ? ForeignModel.advice(directory) : null;
      throw advice == null ? e : new CliException(e.getMessage() + ". " + advice);
    }
  }

  /** The name of the model in reports. */
  String name() {
    return directory == null ? "bundled" : directory.toAbsolutePath().normalize().toString();
  }
}
