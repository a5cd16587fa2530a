package org.scanformer.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.spi.ServiceRegistry;
import javax.imageio.stream.ImageInputStream;
import org.scanformer.internal.files.JdkThread;

/**
 * The readers of the known formats: TwelveMonkeys' plugins and, after them, the JDK's own.
 *
 * <p>ImageIO's registry is asked for the JDK's readers only: what else is in it depends on the
 * context class loader of its first user, so it may miss our plugins and hold others that decode
 * differently. Our plugins are not put there.
 *
 * <p>Thread-safe: found when they are first needed, and again where that failed, as for want of
 * memory or threads; immutable afterwards.
 */
final class ImageReaders {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  /** A plugin: the class of its provider, its format as messages name it, and its artifact. */
  private record Plugin(String provider, String format, String artifact) {}

  /** Made by name: the files that name services are often lost where jars are merged. */
  private static final List<Plugin> PLUGINS =
      List.of(
          new Plugin(
              "com.twelvemonkeys.imageio.plugins.bmp.BMPImageReaderSpi", "BMP", "imageio-bmp"),
          new Plugin(
              "com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi", "JPEG", "imageio-jpeg"),
          new Plugin(
              "com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi", "TIFF", "imageio-tiff"),
          new Plugin(
              "com.twelvemonkeys.imageio.plugins.tiff.BigTIFFImageReaderSpi",
              "TIFF",
              "imageio-tiff"),
          new Plugin(
              "com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi", "WebP", "imageio-webp"));

  /** Format names as ImageIO writes them in lower case, and as messages do. */
  private static final Map<String, String> FORMATS =
      new TreeMap<>(
          Map.of(
              "bmp", "BMP", "gif", "GIF", "jpeg", "JPEG", "png", "PNG", "tiff", "TIFF", "webp",
              "WebP"));

  /** A reader provider and the format it is for, as messages name it. */
  private record Provider(ImageReaderSpi spi, String format) {}

  /**
   * What was found.
   *
   * @param missing by format, what is to be said of a plugin that is not there
   */
  private record Found(List<Provider> providers, Map<String, String> missing) {}

  private static volatile Found found;

  private ImageReaders() {}

  /** The first provider for a format that takes a file's header; the stream stays at its start. */
  static Optional<ImageReaderSpi> forContent(ImageInputStream stream, String format)
      throws IOException {
    for (Provider provider : found().providers) {
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

  /** What is to be said of a format's plugin that is not there; null where it is. */
  static String missing(String format) {
    return found().missing.get(format);
  }

  /** The formats that can be read, for messages. */
  static String knownFormats() {
    return found().providers.stream()
        .map(Provider::format)
        .distinct()
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /** Not in a static initialiser, whose failure would be for good. */
  private static Found found() {
    Found known = found;
    if (known == null) {
      synchronized (ImageReaders.class) {
        known = found == null ? find() : found;
        found = known;
      }
    }
    return known;
  }

  private static Found find() {
    Map<String, String> missing = new TreeMap<>();
    List<ImageReaderSpi> spis = new ArrayList<>();
    // Registered only because TwelveMonkeys' JPEG provider looks for the JDK's in the registry it
    // is put into.
    ServiceRegistry registry =
        new ServiceRegistry(List.<Class<?>>of(ImageReaderSpi.class).iterator());
    List<ImageReaderSpi> builtIn = builtIn();
    builtIn.forEach(registry::registerServiceProvider);
    for (ImageReaderSpi plugin : plugins(missing)) {
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
    return new Found(List.copyOf(providers), missing);
  }

  private static List<ImageReaderSpi> builtIn() {
    List<ImageReaderSpi> found = new ArrayList<>();
    Module desktop = ImageReaderSpi.class.getModule();
    registry()
        .getServiceProviders(
            ImageReaderSpi.class, spi -> spi.getClass().getModule() == desktop, true)
        .forEachRemaining(found::add);
    return found;
  }

  /**
   * ImageIO's registry. The first to ask makes it: it then keeps the thread's context class loader
   * and, on Java 17, the loader of every class on the stack, for good, and an application that ends
   * could not be unloaded. So the JDK alone asks.
   */
  private static IIORegistry registry() {
    try {
      MethodHandle ask =
          MethodHandles.publicLookup()
              .findStatic(
                  IIORegistry.class,
                  "getDefaultInstance",
                  MethodType.methodType(IIORegistry.class));
      return (IIORegistry) JdkThread.call(ask);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<ImageReaderSpi> plugins(Map<String, String> missing) {
    List<ImageReaderSpi> found = new ArrayList<>();
    for (Plugin plugin : PLUGINS) {
      try {
        found.add(
            (ImageReaderSpi) Class.forName(plugin.provider).getDeclaredConstructor().newInstance());
      } catch (ReflectiveOperationException | LinkageError e) {
        String problem =
            "the reader of "
                + plugin.format
                + " files, "
                + plugin.provider
                + ", cannot be loaded ("
                + e
                + "): add com.twelvemonkeys.imageio:"
                + plugin.artifact
                + " to the class or module path";
        missing.put(plugin.format, problem);
        LOG.log(System.Logger.Level.WARNING, "Some images cannot be read: " + problem);
      }
    }
    return found;
  }
}
