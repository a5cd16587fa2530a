package org.scanformer.cli;

import java.io.File;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;

/**
 * {@code locate IMAGE EXPRESSION} without an option, answered as {@link LocateCommand} does. To set
 * picocli up would take a quarter of the time to the answer, and there is nothing to parse.
 *
 * @param image a file that can be read
 * @param expression what to look for, no file's name
 */
record PlainLocate(Path image, String expression) {
  /** The command, if arguments are this one; what is wrong with others is for picocli to say. */
  static Optional<PlainLocate> of(String... arguments) {
    if (arguments.length != 3
        || !arguments[0].equals("locate")
        || isForPicocli(arguments[1])
        || isForPicocli(arguments[2])) {
      return Optional.empty();
    }
    File image = new File(arguments[1]);
    try {
      return image.isFile() && image.canRead() && !new File(arguments[2]).exists()
          ? Optional.of(new PlainLocate(image.toPath(), arguments[2]))
          : Optional.empty();
    } catch (InvalidPathException e) {
      return Optional.empty(); // In a locale that has not all characters of the name.
    }
  }

  /** Whether an argument may be an option, or the name of a file of arguments, or nothing. */
  private static boolean isForPicocli(String argument) {
    return argument.isBlank() || argument.startsWith("-") || argument.startsWith("@");
  }

  /** Answers, and returns the process's exit code. */
  int run(PrintWriter out, PrintWriter err) {
    long started = System.nanoTime();
    ScanFormerOptions options =
        ScanFormerOptions.builder().schedule(Schedule.FINAL_ONLY).maxBatch(1).build();
    try (ModelLoading loading =
        new ModelLoading(() -> ModelChoice.of(ModelChoice.DEFAULT).load(options))) {
      Image read = Image.read(image);
      ScanFormer model = loading.get();
      double startup = (System.nanoTime() - started) / 1e9;
      Location location = model.locate(Request.of(read, expression));
      LocationText.warn(err, expression, location);
      LocationText.print(out, expression, location, startup, 0);
      LocationText.tellModel(err, ModelChoice.DEFAULT, location);
      return 0;
    } catch (RuntimeException e) {
      return Main.tellFailure(e, err);
    }
  }
}
