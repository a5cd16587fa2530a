package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What two trainers may not write at the same time, and what a killed one leaves. */
@SuppressWarnings("try") // locks are held by being open
class ConcurrentTrainersTest {
  private static final PrintWriter ERR = new PrintWriter(System.err);

  @TempDir private Path directory;

  /** Another process, which locks a file until its input ends. */
  static final class Holder implements AutoCloseable {
    private final Process process;

    Holder(Path file) throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  Path.of("target", "test-classes").toString(),
                  Holder.class.getName(),
                  file.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertEquals('!', process.getInputStream().read(), "the file is locked");
    }

    public static void main(String[] args) throws IOException {
      try (FileChannel channel =
          FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        System.out.print(channel.tryLock() == null ? '?' : '!');
        System.out.flush();
        System.in.read();
      }
    }

    @Override
    public void close() throws InterruptedException, IOException {
      process.getOutputStream().close();
      process.waitFor();
    }
  }

  private record Run(int code, String err) {}

  private Run train(Path out) throws IOException {
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine()
            .setErr(new PrintWriter(err, true))
            .execute(
                "--out", out.toString(),
                "--config", TinyModel.writeConfig(directory).toString(),
                "--steps", "1",
                "--batch", "2",
                "--validation-pairs", "2",
                "--precision", "fp32");
    return new Run(code, err.toString());
  }

  @Test
  void aRunKeepsItsDirectoryToItself() throws Exception {
    Path out = Files.createDirectories(directory.resolve("run"));
    Path left =
        Files.createFile(out.resolve("checkpoint.safetensors." + UUID.randomUUID() + ".tmp"));
    try (Holder other = new Holder(out.resolve("trainer.lock"))) {
      Run refused = train(out);
      assertEquals(1, refused.code(), refused.err());
      assertTrue(refused.err().contains("another trainer runs in " + out), refused.err());
      assertFalse(Files.exists(out.resolve("config.json")));
      assertTrue(Files.exists(left));
    }
    try (RunDirectory run = RunDirectory.open(out)) {
      assertThrows(IllegalArgumentException.class, () -> RunDirectory.open(out));
    }
    RunDirectory.open(out).close();
    assertFalse(Files.exists(left), "what a killed trainer left");
  }

  @Test
  void aCacheHasOneUserAtATime() throws Exception {
    Path file = directory.resolve("images.cache");
    try (Holder other = new Holder(file)) {
      Exception refusal =
          assertThrows(IllegalArgumentException.class, () -> ImageCache.open(file, ERR));
      assertEquals(file + ": another trainer uses this cache of images", refusal.getMessage());
    }
    try (ImageCache cache = ImageCache.open(file, ERR)) {
      assertThrows(IllegalArgumentException.class, () -> ImageCache.open(file, ERR));
    }
    ImageCache.open(file, ERR).close();
  }

  /** A file named by mistake is no cache, and is not emptied. */
  @Test
  void aFileThatIsNoCacheStaysAsItIs() throws IOException {
    for (String text : new String[] {"x", "SCI", "my only copy of the annotations\n"}) {
      Path file = Files.writeString(directory.resolve("annotations.json"), text);
      Exception refusal =
          assertThrows(IllegalArgumentException.class, () -> ImageCache.open(file, ERR));
      assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
      assertTrue(refusal.getMessage().contains("expected a cache of images"), refusal.getMessage());
      assertArrayEquals(text.getBytes(), Files.readAllBytes(file));
    }
  }
}
