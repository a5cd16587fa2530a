package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Writes files all or nothing: a temporary file beside each one is forced to disk and renamed. Each
 * write has a temporary file of its own, so that the file is always the whole work of one writer.
 * Thread-safe: no state.
 */
public final class AtomicFiles {
  private static final Pattern TEMPORARY =
      Pattern.compile(".+\\.[0-9a-f]{8}(-[0-9a-f]{4,12}){4}\\.tmp");

  private AtomicFiles() {}

  /** What a file is to hold. */
  public interface Content {
    /** Writes all of it to a new file. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Writes or replaces a file. If this fails, an old file stays as it is and no other is left.
   *
   * @throws IOException when the directory cannot be written to or the content fails
   */
  public static void write(Path file, Content content) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException | Error e) {
      // Half a checkpoint would keep a full disk full.
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /** Writes or replaces a file, as {@link #write(Path, Content)} does. */
  public static void write(Path file, byte[] bytes) throws IOException {
    write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
  }

  /** Writes or replaces a file of text in UTF-8, as {@link #write(Path, Content)} does. */
  public static void write(Path file, String text) throws IOException {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes all that is left of a buffer. */
  public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Deletes the temporary files of processes that were killed while they wrote. Nobody may write to
   * the directory meanwhile.
   *
   * @param directory its own files are deleted, those of directories in it are not
   */
  public static void deleteLeft(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.tmp")) {
      for (Path file : files) {
        if (TEMPORARY.matcher(file.getFileName().toString()).matches()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
