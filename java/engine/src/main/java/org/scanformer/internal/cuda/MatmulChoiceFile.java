package org.scanformer.internal.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.BiConsumer;
import org.scanformer.ErrorCode;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * The choices that a device was timed for, kept in a file: with it, results are the same from
 * process to process, bit for bit. A line is "device | precision | shape | choice"; devices of
 * other names, other versions of cuBLAS and other precisions have lines of their own. Processes
 * that time at once may each add a line for a shape, of which the first usable one counts. A line
 * that was cut short is passed over. Used by one thread at a time.
 */
final class MatmulChoiceFile {
  private static final System.Logger LOG = System.getLogger("org.scanformer");
  private static final String SEPARATOR = " | ";

  /** Fields of a line; earlier versions wrote no precision. */
  private static final int FIELDS = 4;

  /** Ends what was left of a line when a disk was full or a process ended. */
  private static final String UNFINISHED = " (unfinished)";

  private final Path path;
  private final String key;
  private boolean failed;

  /**
   * A file that need not exist.
   *
   * @param device the device's name and cuBLAS's version
   */
  MatmulChoiceFile(Path path, String device, Precision precision) {
    this.path = path;
    this.key = device + SEPARATOR + precision;
  }

  /**
   * Gives each choice with its shape, in the order of lines.
   *
   * @throws ScanFormerException BAD_INPUT for a file that cannot be read or is of another kind
   */
  void read(BiConsumer<String, MatmulChoice> choices) {
    int old = 0;
    for (String line : lines()) {
      String[] fields = line.split(" \\| ", -1);
      MatmulChoice choice = MatmulChoice.of(fields[fields.length - 1]);
      if (choice == null || fields.length < FIELDS - 1 || fields.length > FIELDS) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            path
                + ": expected lines \"device | precision | shape | choice\", found \""
                + line
                + "\"");
      }
      if (fields.length < FIELDS) {
        old++;
      } else if (key.equals(fields[0] + SEPARATOR + fields[1])) {
        choices.accept(fields[2], choice);
      }
    }
    if (old > 0) {
      LOG.log(
          System.Logger.Level.WARNING,
          path + ": " + old + " choices of an earlier version, without a precision, are ignored");
    }
  }

  /** All lines but those that were cut short. */
  private List<String> lines() {
    String text;
    try {
      text = Files.exists(path) ? new String(Files.readAllBytes(path), StandardCharsets.UTF_8) : "";
    } catch (IOException e) {
      throw new ScanFormerException(ErrorCode.BAD_INPUT, failure("read", e), e);
    }
    return text.substring(0, text.lastIndexOf('\n') + 1)
        .lines()
        .filter(line -> !line.endsWith(UNFINISHED))
        .toList();
  }

  /**
   * Adds a line. A file that cannot be written is no fault of the call that timed a product: it is
   * logged once.
   */
  void append(String shape, MatmulChoice choice) {
    String line = String.join(SEPARATOR, key, shape, choice.text()) + "\n";
    try {
      Files.write(
          path,
          ((endsWithinALine() ? UNFINISHED + "\n" : "") + line).getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      if (!failed) {
        LOG.log(System.Logger.Level.WARNING, failure("write", e));
      }
      failed = true;
    }
  }

  private boolean endsWithinALine() throws IOException {
    if (Files.notExists(path)) {
      return false;
    }
    try (SeekableByteChannel file = Files.newByteChannel(path)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      file.position(Math.max(0, file.size() - 1)).read(last);
      return last.position() == 1 && last.get(0) != '\n';
    }
  }

  private String failure(String what, IOException cause) {
    return "Could not "
        + what
        + " the choices of matrix products in "
        + path
        + ": "
        + SystemMessages.reason(cause);
  }
}
