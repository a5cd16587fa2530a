package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * A directory for files that are needed for a while, which is deleted when it is closed. If the
 * process is killed before, the next one that makes such a directory deletes it.
 *
 * <p>Beside each directory lies a file with the ending {@code .lock}, which is there before the
 * directory and after it. Its owner holds a lock on it, and the system frees that lock when the
 * process ends: a lock file that another can lock is of a process that is gone.
 */
public final class UnpackedDirectory implements AutoCloseable {
  private static final String LOCK = ".lock";

  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private final Path path;
  private final Path lockFile;
  private final FileChannel lock;

  private UnpackedDirectory(Path path, Path lockFile, FileChannel lock) {
    this.path = path;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * Deletes what processes that are gone have left, and makes a new directory.
   *
   * @param parent a private directory, for directories of this kind
   * @param prefix of the names of this kind
   */
  public static UnpackedDirectory create(Path parent, String prefix) throws IOException {
    String own = prefix + ofThisProcess();
    deleteLeft(parent, prefix, own);
    UnpackedDirectory made = null;
    while (made == null) {
      // Names need not be hard to guess in a private directory: for those of Files.createTempFile,
      // the JDK's security providers would be loaded, which takes its time.
      made = tryToMake(parent.resolve(own + Long.toHexString(System.nanoTime()) + LOCK));
    }
    return made;
  }

  /**
   * What the names of this process's files begin with, for all its class loaders. Its number alone
   * would not do: in a container it is the same after each start.
   */
  private static String ofThisProcess() {
    ProcessHandle process = ProcessHandle.current();
    long started = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return process.pid() + "-" + Long.toHexString(started) + "-";
  }

  /** Returns null where another thread or process was faster. */
  private static UnpackedDirectory tryToMake(Path lockFile) throws IOException {
    FileChannel lock;
    try {
      lock = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      return null;
    }
    UnpackedDirectory made = null;
    try {
      // Until it is locked, another process may have taken it for one that was left.
      if (isFree(lock, true) && Files.exists(lockFile)) {
        Path directory = Files.createDirectory(directoryOf(lockFile));
        made = new UnpackedDirectory(directory, lockFile, lock);
      }
      return made;
    } finally {
      if (made == null) {
        lock.close();
      }
    }
  }

  /** The directory. */
  public Path path() {
    return path;
  }

  /** Deletes the directory and the files in it. */
  @Override
  public void close() {
    delete(path, lockFile);
    try {
      lock.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "Could not close " + lockFile, e);
    }
  }

  private static Path directoryOf(Path lockFile) {
    String name = lockFile.getFileName().toString();
    return lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
  }

  /**
   * Passes over what this process has made: as soon as a file is closed, the system frees every
   * lock that the process has on it.
   */
  private static void deleteLeft(Path parent, String prefix, String own) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, prefix + "*" + LOCK)) {
      for (Path lockFile : found) {
        if (!lockFile.getFileName().toString().startsWith(own)) {
          deleteIfLeft(lockFile);
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "Could not list " + parent, e);
    }
  }

  private static void deleteIfLeft(Path lockFile) {
    try (FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
      if (isFree(lock, false)) {
        delete(directoryOf(lockFile), lockFile);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "Could not open " + lockFile, e);
    }
  }

  /**
   * Locks a file until its channel is closed, unless another process has locked it.
   *
   * @param withoutLocks the answer on a file system that has no locks
   */
  private static boolean isFree(FileChannel channel, boolean withoutLocks) {
    try {
      return channel.tryLock() != null;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "Could not lock a file", e);
      return withoutLocks;
    }
  }

  /** The lock file last: while it is there, so may be the directory. */
  private static void delete(Path directory, Path lockFile) {
    try {
      if (Files.isDirectory(directory)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
        Files.delete(directory);
      }
      Files.deleteIfExists(lockFile);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "Could not delete " + directory, e);
    }
  }
}
