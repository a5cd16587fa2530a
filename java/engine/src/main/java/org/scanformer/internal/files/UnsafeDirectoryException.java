package org.scanformer.internal.files;

import java.io.IOException;

/** A directory in which another user could put or change files. */
public final class UnsafeDirectoryException extends IOException {
  private static final long serialVersionUID = 1;

  UnsafeDirectoryException(String message) {
    super(message);
  }
}
