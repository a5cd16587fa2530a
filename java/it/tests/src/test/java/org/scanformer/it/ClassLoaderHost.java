package org.scanformer.it;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Runs the application in class loaders of its own, closes them and waits for the garbage
 * collector. It is started as a process, without the library on its class path.
 */
final class ClassLoaderHost {
  static final int LOADERS = 10;

  private static final int COLLECTIONS = 100;
  private static final int MILLIS_BETWEEN_COLLECTIONS = 50;

  private ClassLoaderHost() {}

  /**
   * Prints a line for each class loader.
   *
   * @param arguments the class path of the application, and images
   */
  public static void main(String[] arguments) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String jar : arguments[0].split(File.pathSeparator)) {
      urls.add(Path.of(jar).toUri().toURL());
    }
    URL[] path = urls.toArray(URL[]::new);
    String[] images = Arrays.copyOfRange(arguments, 1, arguments.length);
    for (int i = 0; i < LOADERS; i++) {
      System.out.println("loader " + i + ": " + one(path, images, i));
    }
    System.out.println("side by side: " + two(path, images));
  }

  private static String one(URL[] path, String[] images, int i) throws Exception {
    URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
    long lines = runOn(loader, images, i);
    loader.close();
    WeakReference<ClassLoader> reference = new WeakReference<>(loader);
    loader = null;
    return lines + " images, " + outcome(List.of(reference));
  }

  private static String two(URL[] path, String[] images) throws Exception {
    URLClassLoader first = new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
    URLClassLoader second = new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
    long lines = run(first, images) + run(second, images);
    first.close();
    second.close();
    List<WeakReference<ClassLoader>> references =
        List.of(new WeakReference<>(first), new WeakReference<>(second));
    first = null;
    second = null;
    return lines + " images, " + outcome(references);
  }

  /** On threads with each kind of context class loader in turn. */
  private static long runOn(URLClassLoader loader, String[] images, int i) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try {
      switch (i % 4) {
        case 0 -> thread.setContextClassLoader(loader);
        case 1 -> thread.setContextClassLoader(null);
        case 2 -> thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
        default -> {
          return CompletableFuture.supplyAsync(() -> runUnchecked(loader, images)).get();
        }
      }
      return run(loader, images);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static long runUnchecked(ClassLoader loader, String[] images) {
    try {
      return run(loader, images);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static long run(ClassLoader loader, String[] images) throws ReflectiveOperationException {
    Object lines =
        loader
            .loadClass("org.scanformer.it.application.Locate")
            .getMethod("run", String[].class)
            .invoke(null, (Object) images);
    return ((String) lines).lines().count();
  }

  private static String outcome(List<WeakReference<ClassLoader>> loaders)
      throws InterruptedException {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      if (loaders.stream().allMatch(loader -> loader.get() == null)) {
        return "collected";
      }
      Thread.sleep(MILLIS_BETWEEN_COLLECTIONS);
    }
    return "NOT collected; threads: " + Thread.getAllStackTraces().keySet();
  }
}
