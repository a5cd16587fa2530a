package org.scanformer.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import org.scanformer.datasets.ScoreStatistics;

/** Draws an evaluation's figures as PNG files. */
final class EvalPlots {
  private static final int WIDTH = 800;
  private static final int HEIGHT = 500;
  private static final int BINS = 20;

  private final Path directory;

  EvalPlots(Path directory) {
    this.directory = directory;
  }

  /**
   * Draws the plots. Those of accuracy are left out where no pair has a target, and that of the
   * scores' calibration without presence.
   */
  void write(Evaluation evaluation, PresenceReport presence) throws IOException {
    Files.createDirectories(directory);
    if (!evaluation.results().isEmpty()) {
      save(accuracy(evaluation), "accuracy.png");
      save(shares(evaluation), "selected-share.png");
      save(earlyExit(evaluation), "early-exit.png");
    }
    if (presence != null) {
      save(calibration(presence), "calibration.png");
    }
  }

  private void save(Chart<?, ?> chart, String name) throws IOException {
    PngFiles.write(BitmapEncoder.getBufferedImage(chart), directory.resolve(name));
  }

  private static CategoryChart accuracy(Evaluation evaluation) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Accuracy after each scale")
            .xAxisTitle("scale")
            .yAxisTitle("share of pairs")
            .build();
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0).setYAxisDecimalPattern("0.00");
    chart.getStyler().setLabelsVisible(true);
    List<Integer> scales = new ArrayList<>();
    for (int s = 0; s < evaluation.scales(); s++) {
      scales.add(s);
    }
    for (double bound : Evaluation.BOUNDS) {
      chart.addSeries(
          "IoU of at least " + bound,
          scales,
          scales.stream().map(s -> evaluation.accuracy(s, bound)).toList());
    }
    return chart;
  }

  /** Scale 0 is left out: all of its patches are always selected. */
  private static XYChart shares(Evaluation evaluation) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Patches selected")
            .xAxisTitle("share of a scale's patches")
            .yAxisTitle("share of pairs")
            .build();
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(1.0);
    chart
        .getStyler()
        .setDefaultSeriesRenderStyle(org.knowm.xchart.XYSeries.XYSeriesRenderStyle.StepArea);
    double[] edges = new double[BINS + 1];
    for (int i = 0; i <= BINS; i++) {
      edges[i] = (double) i / BINS;
    }
    for (int s = 1; s < evaluation.scales(); s++) {
      double[] counts = new double[BINS + 1];
      for (PairResult result : evaluation.results()) {
        PairResult.Scale scale = result.scales().get(s);
        int bin = Math.min(BINS - 1, BINS * scale.selected() / scale.total());
        counts[bin] += 1.0 / evaluation.results().size();
      }
      counts[BINS] = counts[BINS - 1];
      chart.addSeries("scale " + s, edges, counts).setMarker(SeriesMarkers.NONE);
    }
    return chart;
  }

  private static XYChart calibration(PresenceReport presence) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Calibration of the scores")
            .xAxisTitle("mean score")
            .yAxisTitle("share of right boxes")
            .build();
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(1.0).setYAxisMin(0.0).setYAxisMax(1.0);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideSE);
    List<ScoreStatistics.Bin> bins =
        presence.calibration().stream().filter(bin -> bin.count() > 0).toList();
    chart.addSeries(
        "scores by range",
        bins.stream().map(ScoreStatistics.Bin::meanScore).toList(),
        bins.stream().map(ScoreStatistics.Bin::rightShare).toList());
    chart
        .addSeries("perfect calibration", new double[] {0, 1}, new double[] {0, 1})
        .setMarker(SeriesMarkers.NONE);
    return chart;
  }

  private static XYChart earlyExit(Evaluation evaluation) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Stopping before the last scale")
            .xAxisTitle("mean share of the image tokens computed")
            .yAxisTitle("accuracy, IoU of at least 0.5")
            .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideSE);
    for (EarlyExit.Rule rule : EarlyExit.Rule.values()) {
      List<EarlyExit.Point> points = EarlyExit.curve(rule, evaluation.results());
      chart.addSeries(
          "by " + rule.label().replace('_', ' '),
          points.stream().map(EarlyExit.Point::meanCost).toList(),
          points.stream().map(EarlyExit.Point::accuracy).toList());
    }
    return chart;
  }
}
