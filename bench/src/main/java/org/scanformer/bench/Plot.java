package org.scanformer.bench;

import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
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
    if (!ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", file.toFile())) {
      throw new IOException("no writer of PNG for " + file);
    }
  }
}
