package org.scanformer.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import org.scanformer.ErrorCode;
import org.scanformer.ModelInfo;
import org.scanformer.ModelProvider;
import org.scanformer.Models;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A model that was named on the command line: a bundled one, or a directory.
 *
 * @param name that of the model in reports: the bundled one's, or the directory's absolute path
 * @param bundled null for a directory
 * @param directory null for a bundled model
 */
record ModelChoice(String name, ModelProvider bundled, Path directory) {
  /** The name of the model that is used where none is named. */
  static final String DEFAULT = "shapes";

  /**
   * What a word names. The names of bundled models come first, whatever the working directory
   * holds: {@code ./photos} is a directory of such a name.
   *
   * @throws InvalidPathException when it is neither
   */
  static ModelChoice of(String word) {
    ModelProvider bundled = Models.byName().get(word);
    if (bundled != null) {
      return new ModelChoice(word, bundled, null);
    }
    Path directory = Path.of(word);
    return new ModelChoice(directory.toAbsolutePath().normalize().toString(), null, directory);
  }

  /**
   * Loads the model; the caller closes it.
   *
   * @throws CliException saying what to do with a directory that is not a model's, or where the jar
   *     of a bundled one is expected
   */
  ScanFormer load(ScanFormerOptions options) {
    requireInstalled();
    return bundled != null
        ? ScanFormer.load(bundled, options)
        : advising(() -> ScanFormer.load(directory, options));
  }

  /**
   * Describes the model.
   *
   * @throws CliException as {@link #load}
   */
  ModelInfo inspect(ScanFormerOptions options) {
    requireInstalled();
    return bundled != null
        ? ScanFormer.inspect(bundled, options)
        : advising(() -> ScanFormer.inspect(directory, options));
  }

  /**
   * What its files hold, in short.
   *
   * @throws IOException when a file cannot be read
   */
  String digest() throws IOException {
    return ModelDigest.of(
        bundled != null ? bundled::open : file -> Files.newInputStream(directory.resolve(file)));
  }

  /** Bundled models that are not in the command's own jar lie beside it. */
  private void requireInstalled() {
    if (bundled != null
        && ServiceLoader.load(ModelProvider.class).stream()
            .noneMatch(provider -> provider.get().name().equals(bundled.name()))) {
      throw new CliException(
          "The model "
              + name
              + " needs models/"
              + bundled.name()
              + ".jar beside scanformer.jar, where the build writes it");
    }
  }

  /** Runs what reads the directory, and adds what to do where it is no model's. */
  private <T> T advising(Supplier<T> work) {
    try {
      return work.get();
    } catch (ScanFormerException e) {
      String advice = e.code() == ErrorCode.BAD_MODEL ? ForeignModel.advice(directory) : null;
      throw advice == null ? e : new CliException(e.getMessage() + ". " + advice);
    }
  }

  /** Reads an option's value. */
  static final class Converter implements ITypeConverter<ModelChoice> {
    @Override
    public ModelChoice convert(String word) {
      try {
        return of(word);
      } catch (InvalidPathException e) {
        throw new TypeConversionException("'" + word + "' is " + FileName.problem(e));
      }
    }
  }

  /** The words that completion offers; where none of them fits, shells complete files' names. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Models.byName().keySet().iterator();
    }
  }
}
