package org.scanformer.trainer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import org.scanformer.internal.files.SystemMessages;

/** Locks that keep trainers from writing the same files. Thread-safe: no state. */
final class FileLocks {
  private static final System.Logger LOG = System.getLogger(FileLocks.class.getName());

  private FileLocks() {}

  /**
   * Locks a file until its channel is closed or the process ends. A file system without locks is no
   * reason not to train: there, a warning is all.
   *
   * @return false if another process, or another channel of this one, has locked it
   */
  static boolean tryLock(FileChannel channel, Path file) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          file
              + " cannot be locked ("
              + SystemMessages.reason(e)
              + "): let no other trainer use it meanwhile");
      return true;
    }
  }
}
