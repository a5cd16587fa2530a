package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** What the fuzz tests share: the property that they hold code to, and a file for its inputs. */
final class Inputs {
  private Inputs() {}

  /** Whatever the input: it is taken, or refused by one of the codes with a message. */
  static void assertTakenOrRefused(Set<ErrorCode> codes, Runnable code) {
    try {
      code.run();
    } catch (ScanFormerException e) {
      assertTrue(codes.contains(e.code()), () -> "refused by " + e);
      assertTrue(e.getMessage() != null && !e.getMessage().isBlank(), "refused without a message");
    }
  }

  /** Gives code a file of those bytes. */
  static void withFile(byte[] bytes, Consumer<Path> code) {
    try {
      Path file = Files.createTempFile("scanformer-fuzz", "");
      try {
        Files.write(file, bytes);
        code.accept(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
