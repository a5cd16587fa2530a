package org.scanformer.internal.files;

import java.nio.channels.ClosedByInterruptException;
import java.util.function.Supplier;
import org.scanformer.ScanFormerException;

/** Reads files to the end though the thread is interrupted, which closes their channels. */
public final class Uninterrupted {
  private Uninterrupted() {}

  /**
   * Runs work, and again if an interrupt has ended it. The thread's interrupt status is cleared
   * meanwhile and set afterwards.
   *
   * @param work may be run more than once
   */
  public static <T> T call(Supplier<T> work) {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return work.get();
        } catch (ScanFormerException e) {
          if (!(e.getCause() instanceof ClosedByInterruptException)) {
            throw e;
          }
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
