package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user reads of a failure: words, never the name of a Java class alone. */
class SystemMessagesTest {
  @TempDir private Path directory;

  @Test
  void saysInWordsWhatTheSystemSaid() throws IOException {
    Path missing = directory.resolve("missing");
    IOException none = assertThrows(IOException.class, () -> Files.size(missing));
    assertEquals("No such file or directory", SystemMessages.reason(none));
    assertEquals(missing + ": No such file or directory", SystemMessages.of(none));
    Path file = Files.createFile(directory.resolve("file"));
    IOException noDirectory =
        assertThrows(IOException.class, () -> Files.newDirectoryStream(file).close());
    assertEquals(file + ": Not a directory", SystemMessages.of(noDirectory));
    Files.createFile(directory.resolve("full"));
    IOException full = assertThrows(IOException.class, () -> Files.delete(directory));
    assertEquals("Directory not empty", SystemMessages.reason(full));
    assertEquals("Permission denied", SystemMessages.reason(new AccessDeniedException("f")));
    assertEquals(
        "f: No space left on device",
        SystemMessages.of(new FileSystemException("f", null, "No space left on device")));
  }

  @Test
  void leavesOutTheClassOfAFailureThatHasWords() {
    assertEquals("Broken pipe", SystemMessages.of(new IOException("Broken pipe")));
    assertEquals(
        "f: Permission denied",
        SystemMessages.of(new UncheckedIOException(new AccessDeniedException("f"))));
    assertEquals("Unexpected end of file", SystemMessages.of(new EOFException()));
    assertEquals("java.io.IOException", SystemMessages.of(new IOException()));
    // A fault of a program's own: the class is all that may help.
    assertEquals("java.lang.ClassCastException: c", SystemMessages.of(new ClassCastException("c")));
  }
}
