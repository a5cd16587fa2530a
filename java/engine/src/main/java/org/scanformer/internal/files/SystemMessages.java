package org.scanformer.internal.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What the system said of a file, in words. Java's exceptions often name only the file. */
public final class SystemMessages {
  private SystemMessages() {}

  /** The reason, with the file it is about where that is known. */
  public static String of(Throwable e) {
    if (e instanceof UncheckedIOException wrapper) {
      return of(wrapper.getCause());
    }
    String file = e instanceof FileSystemException failure ? failure.getFile() : null;
    return file == null ? reason(e) : file + ": " + reason(e);
  }

  /** The reason alone, for a message that names the file. */
  public static String reason(Throwable e) {
    if (e instanceof UncheckedIOException wrapper) {
      return reason(wrapper.getCause());
    }
    if (e instanceof FileSystemException failure) {
      return reason(failure);
    }
    if (e instanceof EOFException) {
      return "Unexpected end of file";
    }
    return e instanceof IOException && e.getMessage() != null ? e.getMessage() : e.toString();
  }

  private static String reason(FileSystemException e) {
    if (e.getReason() != null) {
      return e.getReason();
    }
    if (e instanceof AccessDeniedException) {
      return "Permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "No such file or directory";
    }
    if (e instanceof NotDirectoryException) {
      return "Not a directory";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "File exists";
    }
    return e instanceof DirectoryNotEmptyException
        ? "Directory not empty"
        : e.getClass().getSimpleName();
  }
}
