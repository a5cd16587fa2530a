package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.bytedeco.javacpp.Loader;

/**
 * Loads native libraries: from a directory that nobody else can write to, and on a thread with a
 * stack that their initialisers fit in. JavaCPP is not touched before. Thread-safe.
 */
public final class NativeLibraries {
  /** JavaCPP's name of its directory. */
  public static final String JAVACPP_PROPERTY = "org.bytedeco.javacpp.cachedir";

  /** The initialisers of oneDNN need more than half a megabyte. */
  private static final long STACK_BYTES = 16 << 20;

  private static boolean checked;

  private NativeLibraries() {}

  /**
   * Runs what may load a library, and waits for it; an interrupt does not end the waiting.
   *
   * @throws LinkageError when there is no safe directory; otherwise as the work does
   */
  public static <T> T load(Callable<T> work) {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              requireSafeDirectory();
              return work.call();
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

  private static synchronized void requireSafeDirectory() {
    if (checked) {
      return;
    }
    try {
      String configured = System.getProperty(JAVACPP_PROPERTY, "");
      Path directory = configured.isEmpty() ? own() : applications(configured);
      System.setProperty(JAVACPP_PROPERTY, directory.toString());
      // An application that uses JavaCPP too may have had the directory chosen before.
      PrivateDirectory.requirePrivate(Loader.getCacheDir().toPath().toRealPath());
      checked = true;
    } catch (IOException e) {
      LinkageError error = new UnsatisfiedLinkError(e.getMessage());
      error.initCause(e);
      throw error;
    }
  }

  private static Path own() throws IOException {
    return PrivateDirectory.create(CacheDirectory.get().resolve("natives"));
  }

  /** The directory that the application has chosen, or a temporary one where it cannot be made. */
  private static Path applications(String configured) throws IOException {
    try {
      return CacheDirectory.configured(JAVACPP_PROPERTY, configured);
    } catch (UnsafeDirectoryException e) {
      throw e;
    } catch (IOException e) {
      return PrivateDirectory.createTemporary();
    }
  }
}
