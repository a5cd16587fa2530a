package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.bytedeco.javacpp.Loader;
import org.scanformer.natives.api.Api;

/**
 * Loads native libraries: from a directory that nobody else can write to, and on a thread with a
 * stack that their initialisers fit in. JavaCPP is not touched before. Thread-safe.
 *
 * <p>Each class loader that this class is in loads libraries of its own: JavaCPP unpacks the
 * library of the bindings under another name where a loader has it already.
 */
@SuppressWarnings("try") // the lock is held by being open
public final class NativeLibraries {
  /** JavaCPP's name of its directory. */
  public static final String JAVACPP_PROPERTY = "org.bytedeco.javacpp.cachedir";

  /** The initialisers of oneDNN need more than half a megabyte. */
  private static final long STACK_BYTES = 16 << 20;

  /** JavaCPP's directory, once it is known to be safe. */
  private static Path directory;

  /** A directory that is deleted when the process exits. */
  private static boolean temporary;

  /** Why the front could not be loaded. Later tries only say that an earlier one failed. */
  private static Throwable frontFailure;

  private NativeLibraries() {}

  /**
   * Runs what may load a library, and waits for it; an interrupt does not end the waiting.
   *
   * @throws UnsatisfiedLinkError saying in words why a library could not be loaded; otherwise as
   *     the work does
   */
  public static <T> T load(Callable<T> work) {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              try {
                return prepareAndCall(work);
              } catch (LinkageError | IllegalCallerException e) {
                UnsatisfiedLinkError error =
                    new UnsatisfiedLinkError(LoadFailures.explain(e, directory()));
                error.initCause(e);
                throw error;
              }
            });
    Thread thread = new Thread(null, task, "scanformer-natives", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static <T> T prepareAndCall(Callable<T> work) throws Exception {
    prepare();
    try (LoadLock lock = LoadLock.take(directory())) {
      loadFront();
      T result = work.call();
      finish();
      return result;
    }
  }

  private static synchronized Path directory() {
    return directory;
  }

  private static synchronized void finish() {
    if (temporary) {
      PrivateDirectory.deleteOnExit(directory);
    }
  }

  private static synchronized void prepare() {
    if (directory != null) {
      return;
    }
    NativePlatform.requireSupported();
    try {
      // JavaCPP of every class loader reads the property and locks in this way.
      synchronized (Runtime.getRuntime()) {
        String configured = System.getProperty(JAVACPP_PROPERTY);
        Path chosen =
            configured == null || configured.isEmpty() ? own(List.of()) : applications(configured);
        System.setProperty(JAVACPP_PROPERTY, chosen.toString());
        try {
          // An application that uses JavaCPP too may have had the directory chosen before.
          Path used = Loader.getCacheDir().toPath().toRealPath();
          PrivateDirectory.requirePrivate(used);
          directory = used;
        } finally {
          restore(configured);
        }
      }
    } catch (IOException e) {
      throw linkageError(e);
    }
  }

  private static synchronized void loadFront() {
    if (frontFailure != null) {
      throw linkageError(frontFailure);
    }
    try {
      Class.forName(Api.class.getName());
    } catch (ClassNotFoundException | LinkageError | IllegalCallerException e) {
      finish();
      frontFailure = e;
      throw linkageError(e);
    }
  }

  /** Other loaders' JavaCPP is not to take our directory. */
  private static void restore(String configured) {
    if (configured == null) {
      System.clearProperty(JAVACPP_PROPERTY);
    } else {
      System.setProperty(JAVACPP_PROPERTY, configured);
    }
  }

  private static LinkageError linkageError(Throwable cause) {
    LinkageError error = new UnsatisfiedLinkError(cause.getMessage());
    error.initCause(cause);
    return error;
  }

  private static Path own(List<String> tried) throws IOException {
    Path cache = CacheDirectory.forLibraries(tried);
    temporary = CacheDirectory.isTemporary(cache);
    return PrivateDirectory.create(cache.resolve("natives"));
  }

  /** The directory that the application has chosen, or another one where it cannot be used. */
  private static Path applications(String configured) throws IOException {
    try {
      return CacheDirectory.requireExecutable(
          CacheDirectory.configured(JAVACPP_PROPERTY, configured), JAVACPP_PROPERTY);
    } catch (UnsafeDirectoryException e) {
      throw e;
    } catch (IOException e) {
      return own(List.of(e.getMessage()));
    }
  }
}
