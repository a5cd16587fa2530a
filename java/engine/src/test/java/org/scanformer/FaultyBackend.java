package org.scanformer;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.HostDeviceBuffer;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.engine.Backends;

/**
 * Backends that fail at an operation of one's choice: every operation of the device is counted, and
 * the one whose turn it is throws instead of being done. A lost device fails from then on.
 */
final class FaultyBackend {
  private static final Set<String> OPERATIONS =
      Set.of(
          "synchronize",
          "allocate",
          "allocateHostDevice",
          "upload",
          "download",
          "reservePixels",
          "buildPyramids",
          "compactPatches",
          "gatherPatches",
          "selectPatches",
          "embedText",
          "embedPatches",
          "createLinear",
          "linear",
          "linearToAdd",
          "linearAppendKv",
          "residualLayerNorm",
          "appendKv",
          "attention",
          "toDevice",
          "toHost");

  /** Operations so far, since {@link #failAt}. */
  int count;

  /** Backends that are open. */
  volatile int open;

  /** The last operation that failed. */
  String failed;

  /** The last operation that was asked for. */
  String last;

  /** Bytes that the device says it has before a backend is opened; -1 for the truth. */
  long available = -1;

  /** Arrays that have memory of their own. */
  final Set<Tensor> allocated = Collections.newSetFromMap(new IdentityHashMap<>());

  private int turn = -1;
  private ErrorCode code;
  private Error error;
  private boolean lost;

  /** Lets the operation of that number fail, counted from 0; -1 for none. */
  void failAt(int operation, ErrorCode with) {
    count = 0;
    failed = null;
    turn = operation;
    code = with;
    error = null;
  }

  /** Lets the operation of that number fail by an error that says nothing of the device. */
  void failWith(int operation, Error with) {
    failAt(operation, null);
    error = with;
  }

  /** As the engine opens backends. */
  Backend open(ScanFormerOptions options) {
    synchronized (this) {
      open++;
    }
    return proxy(Backend.class, Backends.open(options));
  }

  private <T> T proxy(Class<T> type, T real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                // What a backend does by calling other operations fails where one of them does.
                isInherited(method, real)
                    ? InvocationHandler.invokeDefault(self, method, arguments)
                    : call(real, method, arguments)));
  }

  private static boolean isInherited(Method method, Object real) throws NoSuchMethodException {
    return method.getDeclaringClass() == Backend.class
        && real.getClass().getMethod(method.getName(), method.getParameterTypes()).isDefault();
  }

  private Object call(Object real, Method method, Object[] arguments) throws Throwable {
    String name = method.getName();
    if (OPERATIONS.contains(name)) {
      last = name;
      if (lost) {
        throw new ScanFormerException(ErrorCode.DEVICE_LOST, name + ": lost before");
      }
      if (count++ == turn) {
        failed = name;
        if (error != null) {
          throw error;
        }
        lost = code == ErrorCode.DEVICE_LOST;
        throw new ScanFormerException(code, name + ": injected");
      }
    }
    if (name.equals("free") && lost) {
      throw new ScanFormerException(ErrorCode.DEVICE_LOST, "free: lost before");
    }
    if (name.equals("memoryAvailable") && available >= 0) {
      return available - ((Backend) real).ownBytes();
    }
    Object result;
    try {
      result = method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    switch (name) {
      case "allocate" -> allocated.add((Tensor) arguments[0]);
      case "free" -> allocated.remove((Tensor) arguments[0]);
      case "close" -> {
        synchronized (this) {
          open--;
        }
      }
      default -> {
        // Nothing is kept of the others.
      }
    }
    return result instanceof HostDeviceBuffer buffer
        ? proxy(HostDeviceBuffer.class, buffer)
        : result;
  }
}
