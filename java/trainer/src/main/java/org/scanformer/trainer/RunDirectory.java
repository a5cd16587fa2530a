package org.scanformer.trainer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.scanformer.internal.files.AtomicFiles;

/** A run's directory, which no other trainer may use until this is closed or the process ends. */
final class RunDirectory implements AutoCloseable {
  private static final String LOCK = "trainer.lock";

  private final FileChannel lock;

  private RunDirectory(FileChannel lock) {
    this.lock = lock;
  }

  /**
   * Creates the directory, or takes the one that is there, and deletes what killed trainers left
   * half written in it.
   *
   * @throws IllegalArgumentException when another trainer runs in it
   * @throws IOException when it cannot be created or written to
   */
  static RunDirectory open(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve(LOCK);
    // It stays: whoever deleted it could delete the one that a third trainer has just locked.
    FileChannel lock = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!FileLocks.tryLock(lock, file)) {
        throw new IllegalArgumentException(
            "another trainer runs in " + directory + ": wait for its end, or give another --out");
      }
      AtomicFiles.deleteLeft(directory);
      Path model = directory.resolve(TrainingRun.MODEL);
      if (Files.isDirectory(model)) {
        AtomicFiles.deleteLeft(model);
      }
      return new RunDirectory(lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Checks that the directory is there or can be created, without creating it.
   *
   * @throws IOException when it cannot be created or written to
   */
  static void requirePossible(Path directory) throws IOException {
    Path at = directory.toAbsolutePath().normalize();
    while (!Files.exists(at)) {
      at = at.getParent();
    }
    if (!Files.isDirectory(at)) {
      throw new FileAlreadyExistsException(at.toString());
    }
    if (!Files.isWritable(at)) {
      throw new AccessDeniedException(at.toString());
    }
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
