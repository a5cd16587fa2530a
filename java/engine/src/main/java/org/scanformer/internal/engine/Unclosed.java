package org.scanformer.internal.engine;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Frees what an application forgot to close, once the garbage collector finds it. Thread-safe. */
public final class Unclosed {
  /** Set to true, warnings say where the objects were made. */
  public static final String PROPERTY = "org.scanformer.trackLeaks";

  private static final System.Logger LOG = System.getLogger("org.scanformer");
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private Unclosed() {}

  /**
   * Closes what an object owns when nobody can reach the object any more.
   *
   * @param what the object is, for the warning
   * @param close may not refer to the object; returns whether it was still open
   */
  public static void watch(Object object, String what, BooleanSupplier close) {
    Throwable made =
        Boolean.getBoolean(PROPERTY) ? new Throwable("The " + what + " was made here") : null;
    CLEANER.register(object, () -> start(() -> free(what, close, made)));
  }

  /** On a thread of its own: a close that has to wait must not hold up what else is to be freed. */
  private static void start(Runnable free) {
    Thread thread = new Thread(free, "scanformer-unclosed");
    thread.setDaemon(true);
    thread.start();
  }

  private static void free(String what, BooleanSupplier close, Throwable made) {
    try {
      if (!close.getAsBoolean()) {
        return;
      }
      if (made != null) {
        LOG.log(
            System.Logger.Level.WARNING,
            "An unclosed " + what + " was freed when the garbage collector found it",
            made);
      } else if (!WARNED.getAndSet(true)) {
        LOG.log(
            System.Logger.Level.WARNING,
            "An unclosed {0} was freed when the garbage collector found it. Warned of once: -D{1}=true"
                + " warns of each and says where it was made",
            what,
            PROPERTY);
      }
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.WARNING, "An unclosed " + what + " could not be freed", e);
    }
  }
}
