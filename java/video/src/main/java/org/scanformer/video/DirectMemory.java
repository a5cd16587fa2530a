package org.scanformer.video;

import java.nio.ByteBuffer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Memory outside the Java heap for frames. No state. */
final class DirectMemory {
  private DirectMemory() {}

  /**
   * A new buffer.
   *
   * @param bytes its size
   * @param width of the frame that it is for
   * @param height of the frame
   * @throws ScanFormerException OUT_OF_MEMORY when the JVM has not as much left
   */
  static ByteBuffer allocate(int bytes, int width, int height) {
    try {
      return ByteBuffer.allocateDirect(bytes);
    } catch (OutOfMemoryError e) {
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY,
          "No direct memory for a frame of "
              + width
              + "x"
              + height
              + ": raise -Xmx or -XX:MaxDirectMemorySize",
          e);
    }
  }
}
