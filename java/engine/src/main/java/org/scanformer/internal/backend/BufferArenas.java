package org.scanformer.internal.backend;

import java.lang.reflect.Method;
import java.nio.Buffer;
import java.nio.ByteBuffer;

/**
 * Whether the arena of a buffer is open, asked by any thread. The API is that of Java 22, which
 * this library does not need.
 */
final class BufferArenas {
  private static final Method SEGMENT = method("MemorySegment", "ofBuffer", Buffer.class);
  private static final Method SCOPE = method("MemorySegment", "scope");
  private static final Method ALIVE = method("MemorySegment$Scope", "isAlive");

  private BufferArenas() {}

  /** Null where the JVM has none. */
  private static Method method(String type, String name, Class<?>... arguments) {
    try {
      return Class.forName("java.lang.foreign." + type).getMethod(name, arguments);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  /** False for a buffer whose arena is closed; true where the JVM cannot tell. */
  static boolean isOpen(ByteBuffer buffer) {
    if (SEGMENT == null || SCOPE == null || ALIVE == null) {
      return true;
    }
    try {
      return (boolean) ALIVE.invoke(SCOPE.invoke(SEGMENT.invoke(null, buffer)));
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
