package org.scanformer.internal.files;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What the system said of a file, in words. Java's exceptions often name only the file. */
final class SystemMessages {
  private SystemMessages() {}

  /** The reason with the file it is about. */
  static String of(Exception e) {
    if (!(e instanceof FileSystemException failure)) {
      return e.getMessage() == null ? e.toString() : e.getMessage();
    }
    String reason = failure.getReason();
    if (reason == null) {
      if (failure instanceof AccessDeniedException) {
        reason = "Permission denied";
      } else if (failure instanceof NoSuchFileException) {
        reason = "No such file or directory";
      } else {
        reason = failure.getClass().getSimpleName();
      }
    }
    return failure.getFile() + ": " + reason;
  }
}
