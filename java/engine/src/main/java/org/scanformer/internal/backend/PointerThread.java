package org.scanformer.internal.backend;

import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * JavaCPP's thread that frees forgotten pointers, which would keep our class loader alive for the
 * life of the process. Where that loader may be unloaded before, the thread ends with the last
 * backend. It goes on where anyone else uses JavaCPP of this loader. Thread-safe.
 *
 * <p>The backends themselves do not need it: they free all they have when they are closed.
 */
public final class PointerThread {
  private static final int MILLIS_BETWEEN_LOOKS = 100;

  /** What JavaCPP loads for us; of the bindings' libraries it appends a number to the name. */
  private static final Set<String> OURS =
      Set.of(
          "jnijavacpp",
          "jniscanformer",
          "jniscanformer_cuda",
          "jnicudart",
          "jnicublas",
          "jnicublasLt",
          // Of video, whose sources and sinks free what they have when they are closed.
          "jniavutil",
          "jniswresample",
          "jniavcodec",
          "jniavformat",
          "jniswscale",
          "jniavfilter",
          "jniavdevice");

  /** Pointers that classes of the bindings keep for good. */
  private static int constants;

  private static int backends;
  private static boolean ended;

  /** Does the work of the thread that has ended, while there are backends again. */
  private static Thread successor;

  private PointerThread() {}

  /** Bindings were loaded whose classes keep that many pointers for good, which need no thread. */
  public static synchronized void constantsMade(int pointers) {
    constants += pointers;
  }

  /** A backend was opened. */
  static synchronized void backendOpened() {
    backends++;
    if (ended && successor == null) {
      successor = new Thread(PointerThread::freeForgotten, "scanformer-pointers");
      successor.setDaemon(true);
      successor.start();
    }
  }

  /** A backend was closed. */
  static synchronized void backendClosed() {
    backends--;
    if (backends > 0 || livesAsLongAsTheProcess() || othersUseJavaCpp()) {
      return;
    }
    Pointer.interruptDeallocatorThread();
    ended = true;
    if (successor != null) {
      successor.interrupt();
      successor = null;
    }
  }

  private static boolean livesAsLongAsTheProcess() {
    ClassLoader own = PointerThread.class.getClassLoader();
    ClassLoader loader = ClassLoader.getSystemClassLoader();
    while (loader != null && loader != own) {
      loader = loader.getParent();
    }
    return loader == own;
  }

  private static boolean othersUseJavaCpp() {
    return Pointer.totalCount() > constants
        || Loader.getLoadedLibraries().keySet().stream()
            .filter(name -> name.startsWith("jni"))
            .map(name -> name.replaceFirst("[0-9]+$", ""))
            .anyMatch(name -> !OURS.contains(name));
  }

  private static void freeForgotten() {
    try {
      while (true) {
        Pointer.deallocateReferences();
        Thread.sleep(MILLIS_BETWEEN_LOOKS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
