package org.scanformer.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.function.Supplier;

/** Draws pictures where the machine may lack what Java needs for text. No state. */
final class Drawing {
  private static final String HOW =
      "as no fonts were found for it. Install fonts (Debian: fontconfig and fonts-dejavu-core)."
          + " Java says: ";

  private Drawing() {}

  /** What draws and writes pictures. */
  interface Task {
    void run() throws IOException;
  }

  /**
   * Draws a picture, without its text where that cannot be drawn.
   *
   * @param err is told that the text is left out
   */
  static BufferedImage draw(
      Supplier<BufferedImage> withText, Supplier<BufferedImage> withoutText, PrintWriter err) {
    try {
      return withText.get();
    } catch (RuntimeException | Error e) {
      requireFontProblem(e);
      err.println("scanformer: The picture was drawn without its text, " + HOW + e);
      return withoutText.get();
    }
  }

  /**
   * Runs a task.
   *
   * @throws CliException when text cannot be drawn, with what to do
   */
  static void run(Task task) throws IOException {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      requireFontProblem(e);
      throw new CliException("No picture was drawn with its text, " + HOW + e);
    }
  }

  /** Throws what has nothing to do with fonts. */
  private static void requireFontProblem(Throwable failure) {
    if (failure instanceof VirtualMachineError exhausted && !(failure instanceof InternalError)) {
      throw exhausted;
    }
    // Java fails with various errors and exceptions of its font manager, or with this message.
    boolean fonts =
        failure instanceof Error
            || String.valueOf(failure.getMessage()).contains("Fontconfig")
            || failure.getStackTrace().length > 0
                && failure.getStackTrace()[0].getClassName().startsWith("sun.");
    if (!fonts) {
      throw (RuntimeException) failure;
    }
  }
}
