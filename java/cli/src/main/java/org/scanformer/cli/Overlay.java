package org.scanformer.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.Candidate;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PatchMask;
import org.scanformer.ScaleResult;

/** Draws an answer over its image. Thread-safe: no state. */
final class Overlay {
  /**
   * Smaller images are enlarged to about this on their long side, so that boxes and text are
   * readable.
   */
  private static final int MIN_LONG_SIDE = 640;

  /** Scales 0, 1, 2, and on. */
  private static final Color[] SCALE_COLORS = {
    new Color(255, 48, 48),
    new Color(40, 220, 60),
    new Color(50, 110, 255),
    new Color(255, 210, 0),
    new Color(230, 60, 230)
  };

  private Overlay() {}

  /** The image with each scale's box, and below it the expression, the score and a legend. */
  static BufferedImage boxes(Image image, String text, Location location) {
    return boxes(image, text, location, null);
  }

  /** The image with each scale's box alone, for where there are no fonts. */
  static BufferedImage boxesWithoutText(Image image, Location location) {
    int factor = enlargement(image.width(), image.height());
    BufferedImage picture =
        new BufferedImage(
            image.width() * factor, image.height() * factor, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    drawBoxes(graphics, image, location, factor);
    graphics.dispose();
    return picture;
  }

  /** The same with the true box in white; null for none. */
  static BufferedImage boxes(Image image, String text, Location location, Box truth) {
    int factor = enlargement(image.width(), image.height());
    int width = image.width() * factor;
    int height = image.height() * factor;
    int fontSize = Math.max(14, Math.max(width, height) / 40);
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, fontSize);
    // A narrow image gets a wider canvas, so that caption and legend fit.
    int pictureWidth = Math.max(width, 20 * fontSize);
    List<String> caption = caption(text, location, font, pictureWidth - fontSize);
    int lineHeight = fontSize * 3 / 2;
    BufferedImage picture =
        new BufferedImage(
            pictureWidth, height + lineHeight * (caption.size() + 1), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    drawBoxes(graphics, image, location, factor);
    if (truth != null) {
      Box box =
          new Box(
              truth.x() * factor,
              truth.y() * factor,
              truth.width() * factor,
              truth.height() * factor);
      drawBox(graphics, box, Color.WHITE, stroke(width, height) / 2);
    }
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(font);
    int legendX = fontSize / 2;
    int legendY = height + lineHeight * caption.size() + fontSize;
    for (ScaleResult scale : location.scales()) {
      if (scale.box() != null) {
        graphics.setColor(color(scale));
        String label = "scale " + scale.scale();
        graphics.drawString(label, legendX, legendY);
        legendX += graphics.getFontMetrics().stringWidth(label) + fontSize;
      }
    }
    graphics.setColor(Color.WHITE);
    for (int i = 0; i < caption.size(); i++) {
      graphics.drawString(caption.get(i), fontSize / 2, height + lineHeight * i + fontSize);
    }
    graphics.dispose();
    return picture;
  }

  /**
   * The enlarged image, the candidates' boxes, thin, and over them each scale's box, dashed where
   * the object is not found.
   */
  private static void drawBoxes(Graphics2D graphics, Image image, Location location, int factor) {
    int width = image.width() * factor;
    int height = image.height() * factor;
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    graphics.drawImage(PngFiles.toBufferedImage(image), 0, 0, width, height, null);
    for (Candidate candidate : location.candidates()) {
      Box box = candidate.normalizedBox().toPixels(width, height);
      drawBox(graphics, box, Color.WHITE, stroke(width, height) / 3);
    }
    for (ScaleResult scale : location.scales()) {
      if (scale.box() != null) {
        Box box = scale.box().toPixels(width, height);
        if (location.found()) {
          drawBox(graphics, box, color(scale), stroke(width, height));
        } else {
          drawDashedBox(graphics, box, color(scale), stroke(width, height) / 2);
        }
      }
    }
  }

  private static Color color(ScaleResult scale) {
    return SCALE_COLORS[scale.scale() % SCALE_COLORS.length];
  }

  private static float stroke(int width, int height) {
    return Math.max(3, Math.max(width, height) / 200f);
  }

  /** A dark edge around the colour keeps a box visible on any background. */
  static void drawBox(Graphics2D graphics, Box box, Color color, float stroke) {
    Rectangle2D.Double shape = new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height());
    graphics.setColor(Color.BLACK);
    graphics.setStroke(new BasicStroke(stroke * 1.8f));
    graphics.draw(shape);
    graphics.setColor(color);
    graphics.setStroke(new BasicStroke(stroke));
    graphics.draw(shape);
  }

  /** Where the model looked, but found nothing. */
  private static void drawDashedBox(Graphics2D graphics, Box box, Color color, float stroke) {
    Rectangle2D.Double shape = new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height());
    float[] dash = {4 * stroke, 4 * stroke};
    graphics.setColor(color);
    graphics.setStroke(
        new BasicStroke(stroke, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, dash, 0));
    graphics.draw(shape);
  }

  /** The expression, whether it was not found, and the score, broken into lines that fit. */
  private static List<String> caption(String text, Location location, Font font, int width) {
    BufferedImage scratch = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = scratch.createGraphics();
    FontMetrics metrics = graphics.getFontMetrics(font);
    graphics.dispose();
    String score =
        Float.isNaN(location.score())
            ? ""
            : String.format(Locale.ROOT, " (score %.3f)", location.score());
    return lines(text.strip() + (location.found() ? "" : ": not found") + score, metrics, width);
  }

  /** A text broken between words into lines that fit into a width. */
  static List<String> lines(String text, FontMetrics metrics, double width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.strip().split("\\s+")) {
      if (line.length() > 0 && metrics.stringWidth(line + " " + word) > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /**
   * The image as the model saw it: each place at the resolution of the finest selected patch that
   * covers it. Sized as the finest canvas, then stretched back to the image's aspect ratio;
   * enlarged when small.
   */
  static BufferedImage seen(Image image, Location location, int patchSize) {
    List<ScaleResult> scales = location.scales();
    PatchMask finest = scales.get(scales.size() - 1).mask();
    int width = finest.cols() * patchSize;
    int height = finest.rows() * patchSize;
    BufferedImage canvas = resize(PngFiles.toBufferedImage(image), width, height);
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (ScaleResult scale : scales) {
      int block = 1 << (scales.size() - 1 - scale.scale());
      PatchMask mask = scale.mask();
      int side = patchSize * block;
      for (int i = 0; i < mask.rows(); i++) {
        for (int j = 0; j < mask.cols(); j++) {
          if (mask.isSelected(i, j)) {
            copyBlockMeans(canvas, picture, j * side, i * side, side, block);
          }
        }
      }
    }
    // No detail of either axis is lost, except where an image is very long and thin.
    double longSide = Math.max(image.width(), image.height());
    double factor =
        Math.min(
            Math.max((double) width / image.width(), (double) height / image.height()),
            4.0 * Math.max(width, height) / longSide);
    BufferedImage stretched =
        resize(
            picture,
            (int) Math.max(1, Math.round(image.width() * factor)),
            (int) Math.max(1, Math.round(image.height() * factor)));
    return enlarge(stretched, enlargement(stretched.getWidth(), stretched.getHeight()));
  }

  /** The whole factor that brings a small picture to a readable size. */
  private static int enlargement(int width, int height) {
    return (MIN_LONG_SIDE - 1) / Math.max(width, height) + 1;
  }

  private static BufferedImage enlarge(BufferedImage source, int factor) {
    int width = source.getWidth() * factor;
    int height = source.getHeight() * factor;
    BufferedImage target = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = target.createGraphics();
    graphics.drawImage(source, 0, 0, width, height, null);
    graphics.dispose();
    return target;
  }

  /**
   * Fills a square of the picture with the means of the canvas's blocks of block x block pixels.
   */
  private static void copyBlockMeans(
      BufferedImage canvas, BufferedImage picture, int x0, int y0, int side, int block) {
    for (int y = y0; y < y0 + side; y += block) {
      for (int x = x0; x < x0 + side; x += block) {
        int red = 0;
        int green = 0;
        int blue = 0;
        for (int v = 0; v < block; v++) {
          for (int u = 0; u < block; u++) {
            int rgb = canvas.getRGB(x + u, y + v);
            red += rgb >> 16 & 255;
            green += rgb >> 8 & 255;
            blue += rgb & 255;
          }
        }
        int area = block * block;
        int mean = red / area << 16 | green / area << 8 | blue / area;
        for (int v = 0; v < block; v++) {
          for (int u = 0; u < block; u++) {
            picture.setRGB(x + u, y + v, mean);
          }
        }
      }
    }
  }

  private static BufferedImage resize(BufferedImage source, int width, int height) {
    BufferedImage target = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = target.createGraphics();
    if (width < source.getWidth() || height < source.getHeight()) {
      java.awt.Image averaged =
          source.getScaledInstance(width, height, java.awt.Image.SCALE_AREA_AVERAGING);
      graphics.drawImage(averaged, 0, 0, null);
    } else {
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
      graphics.drawImage(source, 0, 0, width, height, null);
    }
    graphics.dispose();
    return target;
  }
}
