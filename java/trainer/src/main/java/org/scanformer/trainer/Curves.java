package org.scanformer.trainer;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The curves of a run as comma-separated values and as a picture, with a line for every fifty
 * steps. Losses, accuracies and shares are means over these steps.
 */
final class Curves implements AutoCloseable {
  private static final int STEPS_PER_LINE = 50;

  private final Path file;
  private final BufferedWriter writer;
  private final long start = System.nanoTime();
  private double loss;
  private double boxLoss;
  private double norm;
  private double[] hits;
  private double[] shares;
  private int steps;
  private int sparse;
  private String summary = "";

  /**
   * Opens the file; lines after the step that a run resumes from are dropped.
   *
   * @param afterStep steps completed so far
   */
  Curves(Path file, long afterStep) throws IOException {
    this.file = file;
    List<String> kept = new ArrayList<>();
    if (afterStep > 0 && Files.isRegularFile(file)) {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        String number = line.substring(0, Math.max(0, line.indexOf(',')));
        if (number.equals("step")
            || number.matches("\\d+") && Long.parseLong(number) <= afterStep) {
          kept.add(line);
        }
      }
    }
    if (kept.isEmpty()) {
      kept.add("step,seconds,rate,loss,box_loss,gradient_norm,accuracies,selected_shares");
    }
    Files.write(file, kept, StandardCharsets.UTF_8);
    writer =
        Files.newBufferedWriter(
            file, StandardCharsets.UTF_8, java.nio.file.StandardOpenOption.APPEND);
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
    try {
      writer.write(
          String.format(
              Locale.ROOT,
              "%d,%.1f,%.4f,%.4f,%.4f,%.3f,%s,%s%n",
              report.step(),
              (System.nanoTime() - start) / 1e9,
              report.rate(),
              loss / steps,
              boxLoss / steps,
              norm / steps,
              accuracies,
              selected));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    summary =
        String.format(Locale.ROOT, "loss %.2f acc %s sel %s", loss / steps, accuracies, selected);
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

  /** Writes the lines to the file and plots them in a PNG file beside it. */
  void save() throws IOException {
    writer.flush();
    List<Double> steps = new ArrayList<>();
    List<List<Double>> accuracies = new ArrayList<>();
    List<List<Double>> selected = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      String[] fields = line.split(",");
      if (!fields[0].equals("step")) {
        steps.add(Double.valueOf(fields[0]));
        losses.add(Double.valueOf(fields[4]));
        append(accuracies, fields[6]);
        append(selected, fields[7]);
      }
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
    Path picture = file.resolveSibling("curves.png");
    BitmapEncoder.saveBitmap(
        List.of(accuracy, share, loss), 3, 1, picture.toString(), BitmapEncoder.BitmapFormat.PNG);
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

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
