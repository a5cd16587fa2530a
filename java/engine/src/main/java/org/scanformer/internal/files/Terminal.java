package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Where progress is shown: a terminal's line can change, a log takes a new one each time. */
public final class Terminal {
  /** Between two lines of progress in a log. */
  public static final Duration LOG_INTERVAL = Duration.ofSeconds(10);

  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  private Terminal() {}

  /** Whether standard error goes to a terminal. */
  public static boolean hasStandardError() {
    try {
      return isTerminal(Files.readSymbolicLink(STANDARD_ERROR));
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      return System.console() != null; // It tells of the other two streams, the best guess left.
    }
  }

  /** Writes lines of progress to standard error as a log's: none twice in a row. */
  public static Consumer<String> logLines() {
    AtomicReference<String> last = new AtomicReference<>();
    return line -> {
      if (!line.equals(last.getAndSet(line))) {
        System.err.println(line.stripTrailing());
      }
    };
  }

  /** Whether a file that Linux names is a terminal, such as /dev/pts/0, /dev/tty1, /dev/ttyS0. */
  static boolean isTerminal(Path file) {
    String name = file.toString();
    return name.startsWith("/dev/pts/")
        || name.startsWith("/dev/tty")
        || name.equals("/dev/console");
  }
}
