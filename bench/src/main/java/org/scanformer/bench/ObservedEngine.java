package org.scanformer.bench;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.BackendKind;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerOptions;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.engine.Backends;
import org.scanformer.internal.engine.Engine;

/**
 * ScanFormer with a workload, whose operations an observer sees one by one: nothing is replayed
 * from a recording. Not safe for use by several threads.
 */
final class ObservedEngine implements AutoCloseable {
  private final Workload workload;
  private final Engine engine;
  private final List<Request> requests = new ArrayList<>();

  /** Sees every operation between the engine and its device. */
  interface Observer {
    /** Runs an operation by {@link #invoke}. */
    Object operation(Backend real, Method method, Object[] arguments) throws Throwable;
  }

  ObservedEngine(Workload workload, BackendKind kind, Observer observer) {
    this.workload = workload;
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(kind)
            .precision(workload.precision())
            .threads(workload.threads())
            .maxBatch(workload.batch())
            .build();
    engine = Engine.load(workload.directory(), options, chosen -> observed(chosen, observer));
    Expression expression = workload.textCached() ? engine.encode(workload.text()) : null;
    for (int r = 0; r < workload.batch(); r++) {
      Image image = workload.images().get(r);
      Request request =
          expression == null ? Request.of(image, workload.text()) : Request.of(image, expression);
      requests.add(request.withSelection(SelectionPolicy.masks(workload.masks().get(r))));
    }
  }

  private static Backend observed(ScanFormerOptions options, Observer observer) {
    Backend real = Backends.open(options);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) -> {
              if (method.getName().equals("replay")) {
                ((Runnable) arguments[1]).run();
                return true;
              }
              // What a backend does by other operations is seen as those.
              if (method.getDeclaringClass() == Backend.class
                  && real.getClass()
                      .getMethod(method.getName(), method.getParameterTypes())
                      .isDefault()) {
                return InvocationHandler.invokeDefault(self, method, arguments);
              }
              return observer.operation(real, method, arguments);
            });
  }

  /** Calls a method of the real backend and rethrows its exceptions unchanged. */
  static Object invoke(Backend real, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** The call. */
  List<Location> locate() {
    return engine.locate(requests, workload.schedule(), null);
  }

  @Override
  public void close() {
    engine.close();
  }
}
