package org.scanformer.internal.engine;

import java.util.function.Supplier;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Turns the JVM's errors about memory into exceptions that callers act on. */
public final class JavaMemory {
  private JavaMemory() {}

  /**
   * Runs work.
   *
   * @param what the work is, for the message
   * @throws ScanFormerException OUT_OF_MEMORY when the heap, direct memory or threads are exhausted
   */
  public static <T> T guard(String what, Supplier<T> work) {
    try {
      return work.get();
    } catch (OutOfMemoryError e) {
      throw exhausted(what, e);
    }
  }

  /** What an error about memory is to callers. */
  public static ScanFormerException exhausted(String what, OutOfMemoryError error) {
    return new ScanFormerException(
        ErrorCode.OUT_OF_MEMORY,
        "The JVM has not enough memory for "
            + what
            + " ("
            + error.getMessage()
            + "): -Xmx sets its heap, -XX:MaxDirectMemorySize its direct memory",
        error);
  }
}
