package org.scanformer.it.application;

import java.nio.file.Path;
import java.time.Duration;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;

/** Reads images and, unless it is told only to read, finds something in them. */
public final class Locate {
  private Locate() {}

  /**
   * Prints a line for each image, or the error.
   *
   * @param arguments image files, after "--read" where nothing is to be found in them
   */
  public static void main(String[] arguments) {
    try {
      System.out.print(run(arguments));
    } catch (ScanFormerException e) {
      System.out.println(e.code() + ": " + e.getMessage());
    }
  }

  /** As a server does: a deadline needs a timer, which the JDK has one of in a process. */
  private static void askInTime(ScanFormer model, Request request) {
    try (Batcher batcher = model.openBatcher(BatcherOptions.builder().maxBatch(1).build())) {
      batcher.submit(request, System.nanoTime() + Duration.ofMinutes(1).toNanos()).join();
    }
  }

  /** What {@link #main} prints. */
  public static String run(String... arguments) {
    StringBuilder lines = new StringBuilder();
    if (arguments[0].equals("--read")) {
      for (int i = 1; i < arguments.length; i++) {
        Image image = Image.read(Path.of(arguments[i]));
        lines.append(String.format("%s: %dx%d%n", arguments[i], image.width(), image.height()));
      }
      return lines.toString();
    }
    try (ScanFormer model = ScanFormer.load()) {
      for (String file : arguments) {
        Image image = Image.read(Path.of(file));
        Box box = model.locate(image, "the red star").box();
        lines.append(
            String.format("%s: at %.0f,%.0f on %s%n", file, box.x(), box.y(), model.backend()));
        askInTime(model, Request.of(image, "the red star"));
      }
    }
    return lines.toString();
  }
}
