package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The options that file systems are mounted with. Thread-safe: no state. */
final class Mounts {
  private static final Path TABLE = Path.of("/proc/self/mounts");

  private Mounts() {}

  /** Whether a path, which need not exist, is on a file system that nothing is executed from. */
  static boolean isNoexec(Path path) throws IOException {
    Path existing = path.toAbsolutePath().normalize();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    return existing != null
        && Files.isReadable(TABLE)
        && isNoexec(existing.toRealPath(), Files.readAllLines(TABLE, StandardCharsets.ISO_8859_1));
  }

  /**
   * The same by a table of mounts.
   *
   * @param real without symbolic links
   * @param table lines of device, directory, type and options, parted by spaces; of two mounts on
   *     one directory the later hides the earlier
   */
  static boolean isNoexec(Path real, List<String> table) {
    int depth = -1;
    boolean noexec = false;
    for (String line : table) {
      String[] fields = line.split(" ");
      if (fields.length < 4) {
        continue;
      }
      Path directory = Path.of(unescaped(fields[1]));
      if (directory.getNameCount() >= depth && real.startsWith(directory)) {
        depth = directory.getNameCount();
        noexec = List.of(fields[3].split(",")).contains("noexec");
      }
    }
    return noexec;
  }

  /** The table writes blanks and backslashes as three octal digits, and names as bytes. */
  private static String unescaped(String field) {
    byte[] bytes = new byte[field.length()];
    int length = 0;
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 3 < field.length()) {
        bytes[length++] = (byte) Integer.parseInt(field.substring(i + 1, i + 4), 8);
        i += 3;
      } else {
        bytes[length++] = (byte) c;
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
