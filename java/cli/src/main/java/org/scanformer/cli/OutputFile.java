package org.scanformer.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.scanformer.internal.files.AtomicFiles;
import org.scanformer.internal.files.SystemMessages;

/**
 * Files that are there with all of their content or not at all: each is written beside its place
 * and then moved there. Thread-safe: no state.
 */
final class OutputFile {
  private OutputFile() {}

  /** Writes a file and creates its directory; what was there is replaced once all is written. */
  static void write(Path file, byte[] content) {
    Path target = file.toAbsolutePath();
    try {
      Files.createDirectories(target.getParent());
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        // A device such as /dev/stdout, or a pipe: there is nothing to replace.
        Files.write(target, content);
        return;
      }
      // A link stays one; what it points to is replaced.
      AtomicFiles.write(Files.exists(target) ? target.toRealPath() : target, content);
    } catch (IOException e) {
      throw new CliException(
          "The file " + file + " could not be written: " + SystemMessages.reason(e));
    }
  }

  /** Writes lines of text, each with its end. */
  static void writeLines(Path file, Iterable<String> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line).append(System.lineSeparator()));
    write(file, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Checks a PNG file's name before any work is done.
   *
   * @param option the option that names it
   * @param input a file that may not be overwritten, or null
   * @return what is wrong with it, or null
   */
  static String problem(String option, Path file, Path input) throws IOException {
    if (!file.toString().toLowerCase(Locale.ROOT).endsWith(".png") && !isDevice(file)) {
      return option + " writes PNG: expected a name that ends with .png, found " + file;
    }
    if (input != null
        && Files.exists(file)
        && Files.isRegularFile(input)
        && Files.isSameFile(file, input)) {
      return option + " would overwrite the image that is read: " + file;
    }
    return null;
  }

  /** Whether two names are of one regular file, which may not be there yet. */
  static boolean isSame(Path a, Path b) throws IOException {
    return Files.exists(a) && Files.exists(b)
        ? Files.isSameFile(a, b) && Files.isRegularFile(a)
        : a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
  }

  private static boolean isDevice(Path file) {
    return Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file);
  }
}
