package org.scanformer.bench;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;

/** A line chart as a PNG file. */
final class Plot {
  private final XYChart chart;

  Plot(String title, String xTitle, String yTitle) {
    chart =
        new XYChartBuilder()
            .width(800)
            .height(420)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW).setMarkerSize(6);
  }

  Plot logarithmicX() {
    chart.getStyler().setXAxisLogarithmic(true);
    return this;
  }

  Plot logarithmicY() {
    chart.getStyler().setYAxisLogarithmic(true);
    return this;
  }

  void add(String series, double[] x, double[] y) {
    chart.addSeries(series, x, y);
  }

  void write(Path file) throws IOException {
    write(chart, file);
  }

  /** Horizontal bars with their values, the first on top. */
  static void bars(String title, String unit, List<String> names, List<Double> values, Path file)
      throws IOException {
    HorizontalBarChart bars =
        new HorizontalBarChartBuilder()
            .width(800)
            .height(100 + 32 * names.size())
            .title(title)
            .xAxisTitle(unit)
            .build();
    bars.getStyler().setLabelsVisible(true).setLabelsFontColor(Color.BLACK);
    bars.getStyler().setXAxisDecimalPattern("#").setLegendVisible(false);
    // Every bar has its name.
    bars.getStyler().setXAxisMaxLabelCount(names.size());
    bars.addSeries("time", values, names);
    write(bars, file);
  }

  private static void write(Chart<?, ?> chart, Path file) throws IOException {
    if (!ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile())) {
      throw new IOException("no PNG writer for " + file);
    }
  }
}
