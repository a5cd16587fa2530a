package org.scanformer.trainer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The figures of each evaluation on held-out pairs as comma-separated values, at the threshold that
 * was chosen. A run that is resumed replaces what it evaluates again.
 */
final class ValidationCurve {
  private static final String HEADER =
      "step,threshold,accuracies,selected_shares,found,refused,found_threshold,auc,calibration_error";

  private final Path file;

  ValidationCurve(Path file) {
    this.file = file;
  }

  /** Whether there is a line of a step. */
  boolean has(long step) throws IOException {
    return lines().stream().anyMatch(line -> line.startsWith(step + ","));
  }

  private List<String> lines() throws IOException {
    // Latin-1 takes any bytes, as a crash of the machine may leave them.
    return Files.isRegularFile(file)
        ? List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("\\R"))
        : List.of();
  }

  /**
   * Adds a line; lines of this step and of later ones are dropped.
   *
   * @param presence null if the model has no score head
   */
  void add(long step, double threshold, Evaluator.Evaluation evaluation, Presence presence)
      throws IOException {
    List<String> lines = new ArrayList<>(List.of(HEADER));
    for (String line : lines()) {
      String number = line.split(",", 2)[0];
      if (number.matches("[0-9]{1,18}") && Long.parseLong(number) < step) {
        lines.add(line);
      }
    }
    StringBuilder line = new StringBuilder();
    line.append(step).append(',').append(threshold);
    line.append(',').append(numbers(evaluation.accuracy()));
    line.append(',').append(numbers(evaluation.selectedShare()));
    double[] rest =
        presence == null
            ? new double[] {Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN}
            : new double[] {
              presence.accepted(),
              presence.refused(),
              presence.foundThreshold(),
              presence.areaUnderCurve(),
              presence.calibrationError()
            };
    for (double number : rest) {
      line.append(String.format(Locale.ROOT, ",%.4f", number));
    }
    lines.add(line.toString());
    RunFiles.write(file, String.join("\n", lines) + "\n");
  }

  private static String numbers(double[] values) {
    StringBuilder text = new StringBuilder();
    for (double value : values) {
      text.append(text.isEmpty() ? "" : " ").append(String.format(Locale.ROOT, "%.4f", value));
    }
    return text.toString();
  }
}
