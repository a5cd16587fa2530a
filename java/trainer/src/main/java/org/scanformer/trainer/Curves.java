package org.scanformer.trainer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The curves of a run as comma-separated values and as a picture, with a line for every fifty
 * steps. Losses, accuracies and shares are means over these steps or, where the run was resumed
 * within them, over those since. Seconds are those of the steps, without the time between a stop
 * and its resumption.
 */
final class Curves {
  private static final int STEPS_PER_LINE = 50;
  private static final String HEADER =
      "step,seconds,rate,loss,box_loss,gradient_norm,accuracies,selected_shares";

  /** A whole line; losses may be NaN. */
  private static final Pattern LINE =
      Pattern.compile(
          "([0-9]{1,18})(,(-?[0-9]{1,18}\\.[0-9]{1,6}|NaN|-?Infinity)){5}"
              + "(,[0-9]\\.[0-9]{3}( [0-9]\\.[0-9]{3})*){2}");

  private final Path file;
  private final List<String> lines = new ArrayList<>();
  private final long start = System.nanoTime();
  private double secondsBefore;
  private double loss;
  private double boxLoss;
  private double norm;
  private double[] hits;
  private double[] shares;
  private int steps;
  private int sparse;
  private String summary = "";

  /**
   * Reads the file of a run that is resumed; lines that come after its step are dropped, and so is
   * what is not a line, as a damaged file is no reason to end a run.
   *
   * @param afterStep steps completed so far
   */
  Curves(Path file, long afterStep) throws IOException {
    this.file = file;
    lines.add(HEADER);
    if (afterStep > 0 && Files.isRegularFile(file)) {
      // Latin-1 takes any bytes, as a crash of the machine may leave them.
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      long last = 0;
      for (String line : text.split("\\R")) {
        Matcher fields = LINE.matcher(line);
        if (fields.matches()) {
          long step = Long.parseLong(fields.group(1));
          if (step > last && step <= afterStep) {
            lines.add(line);
            last = step;
            secondsBefore = Double.parseDouble(line.split(",", 3)[1]);
          }
        }
      }
    }
    save();
  }

  /** Adds a step; shares are averaged over the steps that selected patches. */
  void add(Trainer.StepReport report) {
    if (hits == null) {
      hits = new double[report.hits().length];
      shares = new double[hits.length];
    }
    steps++;
    loss += report.loss();
    boxLoss += report.boxLoss();
    norm += report.gradientNorm();
    sparse += report.everything() ? 0 : 1;
    for (int s = 0; s < hits.length; s++) {
      hits[s] += report.hits()[s];
      shares[s] += report.everything() ? 0 : report.selectedShare()[s];
    }
    if (report.step() % STEPS_PER_LINE == 0) {
      writeLine(report);
      clear();
    }
  }

  private void writeLine(Trainer.StepReport report) {
    StringBuilder accuracies = new StringBuilder();
    StringBuilder selected = new StringBuilder();
    for (int s = 0; s < hits.length; s++) {
      accuracies.append(String.format(Locale.ROOT, s == 0 ? "%.3f" : " %.3f", hits[s] / steps));
      double share = sparse == 0 ? 1 : shares[s] / sparse;
      selected.append(String.format(Locale.ROOT, s == 0 ? "%.3f" : " %.3f", share));
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "%d,%.1f,%.4f,%.4f,%.4f,%.3f,%s,%s",
            report.step(),
            secondsBefore + (System.nanoTime() - start) / 1e9,
            report.rate(),
            loss / steps,
            boxLoss / steps,
            norm / steps,
            accuracies,
            selected));
    summary =
        String.format(Locale.ROOT, "loss %.2f acc %s sel %s", loss / steps, accuracies, selected);
  }

  private void clear() {
    steps = 0;
    sparse = 0;
    loss = 0;
    boxLoss = 0;
    norm = 0;
    hits = null;
    shares = null;
  }

  /** A summary of the last line. */
  String summary() {
    return summary;
  }

  /** Writes the lines to the file, all or nothing. */
  void save() throws IOException {
    RunFiles.write(file, String.join(System.lineSeparator(), lines) + System.lineSeparator());
  }

  /** Plots the lines in a PNG file beside theirs. */
  void plot() throws IOException {
    List<Double> steps = new ArrayList<>();
    List<List<Double>> accuracies = new ArrayList<>();
    List<List<Double>> selected = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    int scales = 0;
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",");
      int own = fields[6].split(" ").length;
      if (scales != 0 && own != scales) {
        continue; // of a run with another configuration
      }
      scales = own;
      steps.add(Double.valueOf(fields[0]));
      losses.add(Double.valueOf(fields[4]));
      append(accuracies, fields[6]);
      append(selected, fields[7]);
    }
    if (steps.isEmpty()) {
      return;
    }
    XYChart accuracy = chart("IoU of at least 0.5 while training", "share of pairs");
    XYChart share = chart("Patches selected", "share of a scale's patches");
    for (int s = 0; s < accuracies.size(); s++) {
      accuracy.addSeries("scale " + s, steps, accuracies.get(s)).setMarker(SeriesMarkers.NONE);
      share.addSeries("scale " + s, steps, selected.get(s)).setMarker(SeriesMarkers.NONE);
    }
    XYChart loss = chart("Box loss of the last scale", "5 L1 + 2 (1 - GIoU)");
    loss.addSeries("loss", steps, losses).setMarker(SeriesMarkers.NONE);
    ByteArrayOutputStream picture = new ByteArrayOutputStream();
    BitmapEncoder.saveBitmap(
        List.of(accuracy, share, loss), 3, 1, picture, BitmapEncoder.BitmapFormat.PNG);
    RunFiles.write(file.resolveSibling("curves.png"), picture.toByteArray());
  }

  private static void append(List<List<Double>> columns, String values) {
    String[] numbers = values.split(" ");
    for (int s = 0; s < numbers.length; s++) {
      if (columns.size() == s) {
        columns.add(new ArrayList<>());
      }
      columns.get(s).add(Double.valueOf(numbers[s]));
    }
  }

  private static XYChart chart(String title, String y) {
    return new XYChartBuilder()
        .width(800)
        .height(350)
        .title(title)
        .xAxisTitle("step")
        .yAxisTitle(y)
        .build();
  }
}
