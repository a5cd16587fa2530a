package org.scanformer.internal.batching;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.scanformer.internal.files.JdkThread;

/**
 * The thread of the JDK's that completes futures when their time is over: the first to set a time
 * starts it, for the life of the process. Thread-safe.
 */
final class JdkTimer {
  private static volatile boolean started;

  private JdkTimer() {}

  /** Starts it where it does not run yet. */
  static void start() {
    if (!started) {
      startNow();
    }
  }

  private static synchronized void startNow() {
    if (started) {
      return;
    }
    try {
      MethodHandle expire =
          MethodHandles.publicLookup()
              .findVirtual(
                  CompletableFuture.class,
                  "orTimeout",
                  MethodType.methodType(CompletableFuture.class, long.class, TimeUnit.class));
      JdkThread.call(
          MethodHandles.insertArguments(
              expire, 0, new CompletableFuture<>(), 1L, TimeUnit.NANOSECONDS));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    started = true;
  }
}
