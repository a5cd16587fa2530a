package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@SuppressWarnings("try") // locks are held by being open
class LoadLockTest {
  @TempDir private Path directory;

  /** Another process: prints a mark when it has the lock, and ends when its input does. */
  static final class Other {
    public static void main(String[] arguments) throws Exception {
      System.out.print('?');
      System.out.flush();
      try (LoadLock lock = LoadLock.take(Path.of(arguments[0]))) {
        System.out.print('!');
        System.out.flush();
        System.in.read();
      }
    }
  }

  private Process other() throws Exception {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Other.class.getName(),
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void oneProcessAtATimeHasIt() throws Exception {
    Process other;
    try (LoadLock lock = LoadLock.take(directory)) {
      other = other();
      assertEquals('?', other.getInputStream().read());
      assertFalse(other.waitFor(300, TimeUnit.MILLISECONDS));
      assertEquals(0, other.getInputStream().available(), "it waits");
    }
    assertEquals('!', other.getInputStream().read(), "it has the lock");
    CompletableFuture<Void> own =
        CompletableFuture.runAsync(() -> LoadLock.take(directory).close());
    other.getOutputStream().close();
    own.get();
    assertEquals(0, other.waitFor());
  }

  /** As of another class loader, in which this class is another one. */
  @Test
  void oneThreadOfAProcessAtATimeHasIt() throws Exception {
    CompletableFuture<Void> second;
    try (LoadLock lock = LoadLock.take(directory)) {
      second = CompletableFuture.runAsync(() -> LoadLock.take(directory).close());
      Thread.sleep(100);
      assertFalse(second.isDone());
    }
    second.get();
  }

  @Test
  void withoutADirectoryThereIsNothingToHold() {
    LoadLock.take(directory.resolve("none")).close();
    assertTrue(directory.toFile().list().length == 0);
  }
}
