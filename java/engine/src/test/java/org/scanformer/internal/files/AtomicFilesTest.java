package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.model.SafetensorsWriter;

class AtomicFilesTest {
  @TempDir private Path directory;

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Two writers are in the middle of one file at the same time; the later one to end wins. */
  @Test
  @Timeout(60)
  void eachOfTwoWritersWritesAWholeFile() throws Exception {
    Path file = directory.resolve("checkpoint");
    CountDownLatch begun = new CountDownLatch(2);
    List<Throwable> failures = new ArrayList<>();
    List<Thread> writers = new ArrayList<>();
    for (byte value : new byte[] {'a', 'b'}) {
      byte[] half = new byte[1000];
      Arrays.fill(half, value);
      AtomicFiles.Content content =
          channel -> {
            AtomicFiles.writeFully(channel, ByteBuffer.wrap(half));
            begun.countDown();
            try {
              assertTrue(begun.await(30, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            AtomicFiles.writeFully(channel, ByteBuffer.wrap(half));
          };
      Thread writer =
          new Thread(
              () -> {
                try {
                  AtomicFiles.write(file, content);
                } catch (Throwable e) {
                  synchronized (failures) {
                    failures.add(e);
                  }
                }
              });
      writers.add(writer);
      writer.start();
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertEquals(List.of(), failures);
    String text = Files.readString(file);
    assertEquals(text.substring(0, 1).repeat(2000), text);
    assertEquals(List.of("checkpoint"), names());
  }

  @Test
  void aWriteThatFailsLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = Files.writeString(directory.resolve("checkpoint"), "old");
    // Stands for any file that cannot be replaced.
    Path taken = directory.resolve("taken");
    Files.createDirectories(taken.resolve("x"));
    SafetensorsWriter tensors = new SafetensorsWriter().tensor("a", new float[1], 1);
    Executable[] writes = {
      () ->
          AtomicFiles.write(
              file,
              channel -> {
                AtomicFiles.writeFully(channel, ByteBuffer.wrap(new byte[9]));
                throw new IOException("No space left on device");
              }),
      () ->
          AtomicFiles.write(
              file,
              channel -> {
                throw new OutOfMemoryError("Java heap space");
              }),
      () -> AtomicFiles.write(taken, "new"),
      () -> tensors.write(taken)
    };
    for (Executable write : writes) {
      assertThrows(Throwable.class, write);
      assertEquals("old", Files.readString(file));
      assertEquals(List.of("checkpoint", "taken"), names());
    }
  }

  @Test
  void deletesOnlyWhatKilledWritersLeft() throws IOException {
    Files.createFile(directory.resolve("notes.tmp"));
    Files.createFile(directory.resolve(UUID.randomUUID() + ".tmp"));
    Path left = Files.createFile(directory.resolve("a." + UUID.randomUUID() + ".tmp"));
    List<String> before = new ArrayList<>(names());
    AtomicFiles.deleteLeft(directory);
    assertFalse(Files.exists(left));
    before.remove(left.getFileName().toString());
    assertEquals(before, names());
  }
}
