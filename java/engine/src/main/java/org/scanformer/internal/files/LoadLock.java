package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Keeps the other processes of a directory from unpacking libraries into it while this one unpacks
 * and loads them. JavaCPP writes a library anew where its time is not the jar's, which it is not in
 * another time zone or for another build; who maps the file meanwhile has half of it. Held by one
 * thread.
 */
final class LoadLock implements AutoCloseable {
  private static final String FILE = "scanformer.lock";

  /** A process that hangs while it loads does not keep all others from starting. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final int MILLIS_BETWEEN_TRIES = 5;

  /** Null where there is no lock to be had. */
  private final FileChannel channel;

  private LoadLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Waits for the lock. Where the file system has none, or lets nothing be written, there is
   * nothing to hold.
   */
  static LoadLock take(Path directory) {
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      return new LoadLock(null);
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!isLocked(channel) && System.nanoTime() - end < 0) {
        Thread.sleep(MILLIS_BETWEEN_TRIES);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // As of file systems of a network.
    }
    return new LoadLock(channel);
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // Another class loader of this process has it.
    }
  }

  @Override
  public void close() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock goes with the channel, which is closed all the same.
    }
  }
}
