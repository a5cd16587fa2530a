package org.scanformer.internal.files;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;

/**
 * Calls what the JDK makes for the life of the process, on a thread and by classes of its own: what
 * a thread of ours is the first to ask for keeps its context class loader and, on Java 17, the
 * loader of every class on its stack, so that an application that ends could not be unloaded.
 */
public final class JdkThread {
  private JdkThread() {}

  /**
   * Calls a method, and waits for it.
   *
   * @param method one of the JDK's without parameters, or with all of them bound
   */
  public static Object call(MethodHandle method) {
    ForkJoinPool pool = new ForkJoinPool(1);
    Thread thread = Thread.currentThread();
    ClassLoader context = thread.getContextClassLoader();
    thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    try {
      Callable<?> calls = MethodHandleProxies.asInterfaceInstance(Callable.class, method);
      return pool.submit(calls).join();
    } finally {
      thread.setContextClassLoader(context);
      pool.shutdown();
    }
  }
}
