package org.scanformer.trainer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.scanformer.internal.files.AtomicFiles;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.internal.model.SafetensorsWriter;

/** Writes files all or nothing, and says which one cannot be written. No state. */
final class RunFiles {
  private RunFiles() {}

  private interface Writing {
    void run() throws IOException;
  }

  /**
   * Writes or replaces a file, as {@link AtomicFiles} does.
   *
   * @throws FileSystemException naming the file and the reason
   */
  static void write(Path file, byte[] bytes) throws FileSystemException {
    named(file, () -> AtomicFiles.write(file, bytes));
  }

  /** Writes or replaces a file of text in UTF-8, as {@link #write(Path, byte[])} does. */
  static void write(Path file, String text) throws FileSystemException {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes or replaces a file of tensors, as {@link #write(Path, byte[])} does. */
  static void write(Path file, SafetensorsWriter tensors) throws FileSystemException {
    named(file, () -> tensors.write(file));
  }

  /** The system tells a full disk without the file, and other faults with that beside it. */
  private static void named(Path file, Writing writing) throws FileSystemException {
    try {
      writing.run();
    } catch (IOException e) {
      FileSystemException named =
          new FileSystemException(
              file.toString(), null, "cannot be written: " + SystemMessages.reason(e));
      named.initCause(e);
      throw named;
    }
  }
}
