package org.scanformer.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.spi.ServiceRegistry;
import javax.imageio.stream.ImageInputStream;

/**
 * The readers of the known formats: TwelveMonkeys' plugins and, after them, the JDK's own.
 *
 * <p>ImageIO's registry is not used: its contents depend on the context class loader of its first
 * user, so it may miss our plugins and hold others that decode differently. Nor is it changed for
 * the rest of the process.
 *
 * <p>Thread-safe: found once, immutable afterwards.
 */
final class ImageReaders {
  private static final String PLUGIN_PREFIX = "com.twelvemonkeys.imageio.";

  /** Format names as ImageIO writes them in lower case, and as messages do. */
  private static final Map<String, String> FORMATS =
      new TreeMap<>(
          Map.of(
              "bmp", "BMP", "gif", "GIF", "jpeg", "JPEG", "png", "PNG", "tiff", "TIFF", "webp",
              "WebP"));

  /** A reader provider and the format it is for, as messages name it. */
  private record Provider(ImageReaderSpi spi, String format) {}

  private static final List<Provider> PROVIDERS = find();

  private ImageReaders() {}

  /** The first provider for a format that takes a file's header; the stream stays at its start. */
  static Optional<ImageReaderSpi> forContent(ImageInputStream stream, String format)
      throws IOException {
    for (Provider provider : PROVIDERS) {
      try {
        if (provider.format.equals(format) && provider.spi.canDecodeInput(stream)) {
          return Optional.of(provider.spi);
        }
      } catch (EOFException e) {
        // Fewer bytes than this provider looks at.
        stream.seek(0);
      }
    }
    return Optional.empty();
  }

  /** The formats that can be read, for messages. */
  static String knownFormats() {
    return PROVIDERS.stream()
        .map(Provider::format)
        .distinct()
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private static List<Provider> find() {
    List<ImageReaderSpi> spis = new ArrayList<>();
    // Registered only because TwelveMonkeys' JPEG provider looks for the JDK's in the registry it
    // is put into.
    ServiceRegistry registry =
        new ServiceRegistry(List.<Class<?>>of(ImageReaderSpi.class).iterator());
    List<ImageReaderSpi> builtIn = builtIn();
    builtIn.forEach(registry::registerServiceProvider);
    for (ImageReaderSpi plugin : plugins()) {
      registry.registerServiceProvider(plugin);
      if (registry.contains(plugin)) {
        spis.add(plugin);
      }
    }
    spis.addAll(builtIn);
    List<Provider> providers = new ArrayList<>();
    for (ImageReaderSpi spi : spis) {
      for (String name : spi.getFormatNames()) {
        String format = FORMATS.get(name.toLowerCase(Locale.ROOT));
        if (format != null) {
          providers.add(new Provider(spi, format));
          break;
        }
      }
    }
    return List.copyOf(providers);
  }

  private static List<ImageReaderSpi> builtIn() {
    List<ImageReaderSpi> found = new ArrayList<>();
    Module desktop = ImageIO.class.getModule();
    IIORegistry.getDefaultInstance()
        .getServiceProviders(
            ImageReaderSpi.class, spi -> spi.getClass().getModule() == desktop, true)
        .forEachRemaining(found::add);
    return found;
  }

  private static List<ImageReaderSpi> plugins() {
    List<ImageReaderSpi> found = new ArrayList<>();
    Iterator<ServiceLoader.Provider<ImageReaderSpi>> providers =
        ServiceLoader.load(ImageReaderSpi.class, ImageReaders.class.getClassLoader()).stream()
            .iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return found;
        }
        ServiceLoader.Provider<ImageReaderSpi> provider = providers.next();
        if (provider.type().getName().startsWith(PLUGIN_PREFIX)) {
          found.add(provider.get());
        }
      } catch (ServiceConfigurationError e) {
        // A broken provider in someone else's jar is skipped: the iterator goes on after it.
        continue;
      }
    }
  }
}
