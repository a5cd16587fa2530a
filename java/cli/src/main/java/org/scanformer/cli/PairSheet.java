package org.scanformer.cli;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/**
 * Draws images of data with boxes and the expressions that describe them, each expression in the
 * colour of its boxes. Not thread-safe: no state, but pictures of one file.
 */
final class PairSheet {
  private static final int IMAGES = 12;
  private static final int PAIRS = 4;
  private static final int COLUMNS = 4;
  private static final int CELL = 400;
  private static final int PICTURE = 300;
  private static final int MARGIN = 6;
  private static final int LINE = 20;
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 15);
  private static final Color[] COLORS = {
    new Color(255, 80, 80), new Color(60, 220, 80), new Color(90, 150, 255), new Color(255, 210, 0)
  };

  private PairSheet() {}

  /**
   * Writes some images, spread over all data.
   *
   * @param err is told which images cannot be read
   */
  static void write(List<ReferringDataset> sets, Path file, PrintWriter err) {
    List<List<ReferringPair>> chosen = choose(sets);
    int columns = Math.min(COLUMNS, chosen.size());
    int rows = (chosen.size() + columns - 1) / columns;
    BufferedImage sheet =
        new BufferedImage(columns * CELL, rows * CELL, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(FONT);
    for (int i = 0; i < chosen.size(); i++) {
      Graphics2D cell =
          (Graphics2D) graphics.create(i % columns * CELL, i / columns * CELL, CELL, CELL);
      try {
        draw(cell, chosen.get(i));
      } catch (ScanFormerException e) {
        err.println("scanformer: not drawn: " + e.getMessage());
      } finally {
        cell.dispose();
      }
    }
    graphics.dispose();
    PngFiles.write(sheet, file);
  }

  /** The first pairs of images, at even distances. */
  private static List<List<ReferringPair>> choose(List<ReferringDataset> sets) {
    int all = sets.stream().mapToInt(ReferringDataset::size).sum();
    Map<String, List<ReferringPair>> byImage = new LinkedHashMap<>();
    double step = Math.max(1, (double) all / IMAGES);
    for (double at = 0; (int) at < all && byImage.size() < IMAGES; at += step) {
      ReferringPair first = pair(sets, (int) at);
      if (!byImage.containsKey(first.image().name())) {
        List<ReferringPair> pairs = new ArrayList<>();
        for (int i = (int) at; i < all && pairs.size() < PAIRS; i++) {
          ReferringPair next = pair(sets, i);
          if (!next.image().name().equals(first.image().name())) {
            break;
          }
          pairs.add(next);
        }
        byImage.put(first.image().name(), pairs);
      }
    }
    return List.copyOf(byImage.values());
  }

  private static ReferringPair pair(List<ReferringDataset> sets, int index) {
    int left = index;
    for (ReferringDataset set : sets) {
      if (left < set.size()) {
        return set.pair(left);
      }
      left -= set.size();
    }
    throw new IndexOutOfBoundsException(index);
  }

  private static void draw(Graphics2D graphics, List<ReferringPair> pairs) {
    Image image = pairs.get(0).image().read();
    double room = CELL - 2.0 * MARGIN;
    double scale = Math.min(room / image.width(), (double) PICTURE / image.height());
    int width = (int) Math.max(1, Math.round(image.width() * scale));
    int height = (int) Math.max(1, Math.round(image.height() * scale));
    graphics.drawImage(PngFiles.toBufferedImage(image), MARGIN, MARGIN, width, height, null);
    double x = (double) width / image.width();
    double y = (double) height / image.height();
    int baseline = MARGIN + height + LINE;
    for (int i = 0; i < pairs.size(); i++) {
      Color color = COLORS[i % COLORS.length];
      for (Box box : pairs.get(i).targets()) {
        Box drawn =
            new Box(MARGIN + box.x() * x, MARGIN + box.y() * y, box.width() * x, box.height() * y);
        Overlay.drawBox(graphics, drawn, color, 2);
      }
      graphics.setColor(color);
      for (String line :
          Overlay.lines(pairs.get(i).expression(), graphics.getFontMetrics(), room)) {
        graphics.drawString(line, MARGIN, baseline);
        baseline += LINE;
      }
    }
  }
}
