package org.scanformer.cli;

import java.awt.AWTError;
import java.io.IOException;

/** Draws pictures where the machine may lack what Java needs for text. No state. */
final class Drawing {
  private Drawing() {}

  /** What draws and writes pictures. */
  interface Task {
    void run() throws IOException;
  }

  /**
   * Runs a task.
   *
   * @throws CliException when text cannot be drawn, with what to do
   */
  static void run(Task task) throws IOException {
    try {
      task.run();
    } catch (LinkageError | InternalError | AWTError e) {
      throw noText(e);
    } catch (RuntimeException e) {
      // Java 17 fails with various exceptions of its font manager, later ones with this message.
      boolean fonts =
          String.valueOf(e.getMessage()).contains("Fontconfig")
              || e.getStackTrace().length > 0
                  && e.getStackTrace()[0].getClassName().startsWith("sun.");
      throw fonts ? noText(e) : e;
    }
  }

  private static CliException noText(Throwable cause) {
    return new CliException(
        "No picture was drawn, as no fonts were found for its text. Install fonts (Debian:"
            + " fontconfig and fonts-dejavu-core). Java says: "
            + cause);
  }
}
