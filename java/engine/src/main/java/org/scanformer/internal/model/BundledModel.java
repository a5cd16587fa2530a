package org.scanformer.internal.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;
import org.scanformer.ErrorCode;
import org.scanformer.ModelProvider;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.CacheDirectory;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.internal.files.UnpackedDirectory;

/** The models that jars on the class or module path provide. Thread-safe: no state. */
public final class BundledModel {
  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  private static final String MERGED =
      "A jar that others were merged into must keep their"
          + " META-INF/services/org.scanformer.ModelProvider";

  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private BundledModel() {}

  /**
   * A model that is looked for when its files are opened.
   *
   * @param artifact the name of its jar's artifact, and of its provider
   */
  public static ModelProvider named(String artifact) {
    return new Named(artifact);
  }

  private record Named(String name) implements ModelProvider {
    @Override
    public InputStream open(String file) throws IOException {
      List<ModelProvider> providers = all();
      for (ModelProvider provider : providers) {
        if (provider.name().equals(name)) {
          return provider.open(file);
        }
      }
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "No bundled model "
              + name
              + " found"
              + (providers.isEmpty() ? "" : ", only " + names(providers))
              + ": add org.scanformer:"
              + name
              + " to the class or module path. "
              + MERGED);
    }
  }

  /** Calls a function with the directory of the only model, see the other form. */
  public static <T> T with(Function<Path, T> function) {
    return with(only(), function);
  }

  /**
   * Calls a function with a model's directory, which exists only during the call.
   *
   * @throws ScanFormerException BAD_MODEL when there is no such model, or when its files cannot be
   *     unpacked to the {@link CacheDirectory}
   */
  public static <T> T with(ModelProvider provider, Function<Path, T> function) {
    try (UnpackedDirectory unpacked = UnpackedDirectory.create(CacheDirectory.get(), "model-")) {
      for (String file : FILES) {
        try (InputStream in = provider.open(file)) {
          Files.copy(in, unpacked.path().resolve(file));
        }
      }
      return function.apply(unpacked.path());
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "The bundled model "
              + provider.name()
              + " could not be unpacked; choose another directory with -D"
              + CacheDirectory.PROPERTY
              + "=DIRECTORY: "
              + SystemMessages.of(e),
          e);
    }
  }

  private static ModelProvider only() {
    List<ModelProvider> providers = all();
    if (providers.isEmpty()) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "No bundled model found: add org.scanformer:scanformer-model-photos or"
              + " scanformer-model-shapes to the class or module path, or name a model directory. "
              + MERGED);
    }
    if (providers.size() > 1) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "Several bundled models found, expected one: "
              + names(providers)
              + ". Name the one to load, as in ScanFormer.load(Models.PHOTOS) or"
              + " ScanFormer.load(Models.SHAPES)");
    }
    return providers.get(0);
  }

  private static List<String> names(List<ModelProvider> providers) {
    return providers.stream().map(ModelProvider::name).toList();
  }

  /**
   * What our own class loader finds, and only where it finds nothing the thread's: that one may be
   * null, or an application's that knows another copy of the library or none at all.
   */
  private static List<ModelProvider> all() {
    Class<ModelProvider> type = ModelProvider.class;
    Map<String, ModelProvider> found = new TreeMap<>();
    ModuleLayer layer = type.getModule().getLayer();
    if (layer != null) {
      addAll(ServiceLoader.load(layer, type), found);
    }
    addAll(ServiceLoader.load(type, type.getClassLoader()), found);
    if (found.isEmpty()) {
      addAll(ServiceLoader.load(type), found);
    }
    return List.copyOf(found.values());
  }

  private static void addAll(
      ServiceLoader<ModelProvider> loader, Map<String, ModelProvider> found) {
    Iterator<ServiceLoader.Provider<ModelProvider>> providers = loader.stream().iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return;
        }
        ServiceLoader.Provider<ModelProvider> provider = providers.next();
        found.computeIfAbsent(provider.type().getName(), name -> provider.get());
      } catch (ServiceConfigurationError e) {
        // The iterator goes on after a broken provider, and after one of another copy of ours.
        LOG.log(System.Logger.Level.WARNING, "A bundled model is skipped", e);
      }
    }
  }
}
