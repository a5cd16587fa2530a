package org.scanformer.internal.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * The choices that a device was timed for, kept in a file: with it, results are the same from
 * process to process, bit for bit. A line is "device | shape | choice"; devices of other names and
 * other versions of cuBLAS have lines of their own. Safe for use by several threads; processes that
 * time at once may each add a line for a shape, of which the first counts.
 */
final class MatmulChoiceFile {
  private static final String SEPARATOR = " | ";

  private final Path path;
  private final String device;
  private final Map<String, MatmulChoice> choices = new HashMap<>();

  /**
   * Reads what the file holds for a device; a file that does not exist holds nothing.
   *
   * @param device the device's name and cuBLAS's version
   * @throws ScanFormerException BAD_INPUT for a file that cannot be read or is of another kind
   */
  MatmulChoiceFile(Path path, String device) {
    this.path = path;
    this.device = device;
    List<String> lines;
    try {
      lines = Files.exists(path) ? Files.readAllLines(path) : List.of();
    } catch (IOException e) {
      throw failure("read", e);
    }
    for (String line : lines) {
      String[] fields = line.split(" \\| ", -1);
      MatmulChoice choice = fields.length == 3 ? MatmulChoice.of(fields[2]) : null;
      if (choice == null) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            path + ": expected lines \"device | shape | choice\", found \"" + line + "\"");
      }
      if (fields[0].equals(device)) {
        choices.putIfAbsent(fields[1], choice);
      }
    }
  }

  /** The choice for a shape, or null. */
  synchronized MatmulChoice get(String shape) {
    return choices.get(shape);
  }

  /** Adds a choice to the file. */
  synchronized void put(String shape, MatmulChoice choice) {
    choices.put(shape, choice);
    String line = String.join(SEPARATOR, device, shape, choice.text()) + "\n";
    try {
      Files.write(
          path,
          line.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw failure("write", e);
    }
  }

  private ScanFormerException failure(String what, IOException cause) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT,
        "Could not "
            + what
            + " the choices of matrix products in "
            + path
            + ": "
            + SystemMessages.reason(cause),
        cause);
  }
}
