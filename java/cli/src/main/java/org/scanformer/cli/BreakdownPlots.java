package org.scanformer.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler;

/** Draws accuracy and selected patches by scale, and results beside baselines, as PNG files. */
final class BreakdownPlots {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 500;

  /** Categories that a plot has room for. */
  private static final int DRAWN = 12;

  private final Path directory;

  /**
   * Plots in a directory.
   *
   * @param directory there is one
   */
  BreakdownPlots(Path directory) {
    this.directory = directory;
  }

  /** Draws the plots of at least one pair. */
  void write(Breakdown breakdown) throws IOException {
    save(scales(breakdown.all()), "scales.png");
    Map<String, Breakdown.Group> categories = breakdown.byCategory();
    if (!categories.isEmpty()) {
      save(groups("Accuracy by the target's category", categories), "categories.png");
    }
    save(groups("Accuracy by wording", breakdown.byWording()), "wordings.png");
  }

  private void save(CategoryChart chart, String name) throws IOException {
    PngFiles.write(BitmapEncoder.getBufferedImage(chart), directory.resolve(name));
  }

  private static CategoryChart chart(String title, String xTitle) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle("share")
            .build();
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.0).setYAxisDecimalPattern("0.00");
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    return chart;
  }

  private static CategoryChart scales(Breakdown.Group all) {
    CategoryChart chart = chart("Accuracy and patches selected by scale", "scale");
    chart.getStyler().setLabelsVisible(true);
    List<String> labels = new ArrayList<>();
    List<Double> accuracy = new ArrayList<>();
    List<Double> shares = new ArrayList<>();
    for (int s = 0; s < all.accuracy().length; s++) {
      labels.add(Integer.toString(s));
      accuracy.add(all.accuracy()[s]);
      shares.add(all.selectedShare()[s]);
    }
    chart.addSeries("pairs with an IoU of at least 0.5", labels, accuracy);
    chart.addSeries("patches selected", labels, shares);
    return chart;
  }

  private static CategoryChart groups(String title, Map<String, Breakdown.Group> groups) {
    CategoryChart chart = chart(title, "");
    chart.getStyler().setXAxisLabelRotation(90).setXAxisMaxLabelCount(DRAWN);
    List<String> labels = groups.keySet().stream().limit(DRAWN).toList();
    List<Breakdown.Group> shown = labels.stream().map(groups::get).toList();
    add(chart, "model", labels, shown, Breakdown.Group::lastAccuracy);
    add(chart, "whole image", labels, shown, Breakdown.Group::wholeImage);
    add(chart, "mean box", labels, shown, Breakdown.Group::meanBox);
    if (shown.stream().allMatch(group -> group.largestPairs() > 0)) {
      add(chart, "largest of its category", labels, shown, Breakdown.Group::largest);
    }
    return chart;
  }

  private static void add(
      CategoryChart chart,
      String name,
      List<String> labels,
      List<Breakdown.Group> groups,
      ToDoubleFunction<Breakdown.Group> figure) {
    chart.addSeries(name, labels, groups.stream().map(figure::applyAsDouble).toList());
  }
}
