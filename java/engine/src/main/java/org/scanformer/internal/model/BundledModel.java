package org.scanformer.internal.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.scanformer.ErrorCode;
import org.scanformer.ModelProvider;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.CacheDirectory;

/** The model that a jar on the class or module path provides. Thread-safe: no state. */
public final class BundledModel {
  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  private BundledModel() {}

  /**
   * Calls a function with the model's directory, which exists only during the call.
   *
   * @throws ScanFormerException BAD_MODEL when there is no such jar, or more than one, or when its
   *     files cannot be unpacked to the {@link CacheDirectory}
   */
  public static <T> T with(Function<Path, T> function) {
    ModelProvider provider = find();
    Path directory = null;
    try {
      directory = Files.createTempDirectory(CacheDirectory.get(), "model-");
      for (String file : FILES) {
        try (InputStream in = provider.open(file)) {
          Files.copy(in, directory.resolve(file));
        }
      }
      return function.apply(directory);
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "The bundled model "
              + provider.name()
              + " could not be unpacked; choose another directory with -D"
              + CacheDirectory.PROPERTY
              + "=DIRECTORY: "
              + e,
          e);
    } finally {
      delete(directory);
    }
  }

  private static ModelProvider find() {
    List<ModelProvider> providers =
        StreamSupport.stream(ServiceLoader.load(ModelProvider.class).spliterator(), false).toList();
    if (providers.size() != 1) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          providers.isEmpty()
              ? "No bundled model found: add org.scanformer:scanformer-model-shapes to the class or"
                  + " module path, or name a model directory"
              : "Several bundled models found, expected one: "
                  + providers.stream().map(ModelProvider::name).toList());
    }
    return providers.get(0);
  }

  private static void delete(Path directory) {
    if (directory == null) {
      return;
    }
    try {
      for (String file : FILES) {
        Files.deleteIfExists(directory.resolve(file));
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      System.getLogger(BundledModel.class.getName())
          .log(System.Logger.Level.DEBUG, "could not delete " + directory, e);
    }
  }
}
