package org.scanformer.internal.image;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Collectors;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.spi.ServiceRegistry;
import javax.imageio.stream.ImageInputStream;

/**
 * The readers of the known formats: TwelveMonkeys' plugins and, after them, the JDK's own.
 *
 * <p>ImageIO's registry is asked for the JDK's readers only: what else is in it depends on the
 * context class loader of its first user, so it may miss our plugins and hold others that decode
 * differently. Our plugins are not put there.
 *
 * <p>Thread-safe: found once, immutable afterwards.
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

  /** By format, what is to be said of a plugin that is not there. */
  private static final Map<String, String> MISSING = new TreeMap<>();

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

  /** What is to be said of a format's plugin that is not there; null where it is. */
  static String missing(String format) {
    return MISSING.get(format);
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
   * could not be unloaded. So the JDK alone asks, on a thread with the system's class loader.
   */
  private static IIORegistry registry() {
    ForkJoinPool pool = new ForkJoinPool(1);
    Thread thread = Thread.currentThread();
    ClassLoader context = thread.getContextClassLoader();
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    try {
      MethodHandle ask =
          MethodHandles.publicLookup()
              .findStatic(
                  IIORegistry.class,
                  "getDefaultInstance",
                  MethodType.methodType(IIORegistry.class));
      Callable<?> asks = MethodHandleProxies.asInterfaceInstance(Callable.class, ask);
      return (IIORegistry) pool.submit(asks).join();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    } finally {
      thread.setContextClassLoader(context);
      pool.shutdown();
    }
  }

  private static List<ImageReaderSpi> plugins() {
    List<ImageReaderSpi> found = new ArrayList<>();
    for (Plugin plugin : PLUGINS) {
      try {
        found.add(
            (ImageReaderSpi) Class.forName(plugin.provider).getDeclaredConstructor().newInstance());
      } catch (ReflectiveOperationException | LinkageError e) {
        String missing =
            "the reader of "
                + plugin.format
                + " files, "
                + plugin.provider
                + ", cannot be loaded ("
                + e
                + "): add com.twelvemonkeys.imageio:"
                + plugin.artifact
                + " to the class or module path";
        MISSING.put(plugin.format, missing);
        LOG.log(System.Logger.Level.WARNING, "Some images cannot be read: " + missing);
      }
    }
    return found;
  }
}
