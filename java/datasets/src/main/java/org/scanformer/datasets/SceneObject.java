package org.scanformer.datasets;

import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import org.scanformer.Box;

/**
 * An object of a drawn scene.
 *
 * @param form its form
 * @param hue its colour
 * @param rgb the colour it is drawn in, 0xRRGGBB, close to its hue
 * @param extent its size
 * @param outline the filled shape, in pixels
 * @param box the outline's bounds, in pixels
 */
record SceneObject(Form form, Hue hue, int rgb, Extent extent, Path2D outline, Box box) {
  /** The forms. The first noun is the form's name, the others are synonyms. */
  enum Form {
    CIRCLE("circle", "disc"),
    SQUARE("square", "box"),
    TRIANGLE("triangle"),
    STAR("star"),
    CROSS("cross", "plus"),
    RING("ring", "donut"),
    DIAMOND("diamond", "rhombus");

    final String[] nouns;

    Form(String... nouns) {
      this.nouns = nouns;
    }
  }

  /** The colours. The first word is the colour's name, the others are synonyms. */
  enum Hue {
    RED(0xd62020, "red"),
    GREEN(0x1e9e32, "green"),
    BLUE(0x2348d8, "blue"),
    YELLOW(0xf2e01c, "yellow"),
    ORANGE(0xf58a12, "orange"),
    PURPLE(0x8a28b4, "purple", "violet"),
    WHITE(0xf7f7f7, "white"),
    BLACK(0x101010, "black");

    final int rgb;
    final String[] words;

    Hue(int rgb, String... words) {
      this.rgb = rgb;
      this.words = words;
    }
  }

  /** The sizes: the larger side of the box relative to the image's long side. */
  enum Extent {
    SMALL(0.095, 0.135, "small", "little", "tiny"),
    MEDIUM(0.175, 0.225, "medium"),
    LARGE(0.285, 0.36, "large", "big");

    final double least;
    final double most;
    final String[] words;

    Extent(double least, double most, String... words) {
      this.least = least;
      this.most = most;
      this.words = words;
    }
  }

  /** Centre, in pixels from the left. */
  double centerX() {
    return box.x() + box.width() / 2;
  }

  /** Centre, in pixels from the top. */
  double centerY() {
    return box.y() + box.height() / 2;
  }

  /** The larger side of the box, in pixels. */
  double side() {
    return Math.max(box.width(), box.height());
  }

  /**
   * The outline of a form around the origin, turned by an angle, with its bounds' centre moved to
   * the origin and its bounds' larger side of that many pixels.
   */
  static Path2D outline(Form form, double side, double angle) {
    Path2D path =
        switch (form) {
          case CIRCLE -> new Path2D.Double(new Ellipse2D.Double(-1, -1, 2, 2));
          case RING -> ring();
          case SQUARE -> polygon(angle, -1, -1, 1, -1, 1, 1, -1, 1);
          case DIAMOND -> polygon(angle, 0, -1.35, 0.95, 0, 0, 1.35, -0.95, 0);
          case TRIANGLE -> polygon(angle, 0, -1, 1.1, 0.9, -1.1, 0.9);
          case CROSS -> cross(angle);
          case STAR -> star(angle);
        };
    Rectangle2D bounds = path.getBounds2D();
    double scale = side / Math.max(bounds.getWidth(), bounds.getHeight());
    path.transform(java.awt.geom.AffineTransform.getScaleInstance(scale, scale));
    path.transform(
        java.awt.geom.AffineTransform.getTranslateInstance(
            -bounds.getCenterX() * scale, -bounds.getCenterY() * scale));
    return path;
  }

  private static Path2D ring() {
    Path2D path = new Path2D.Double(Path2D.WIND_EVEN_ODD);
    path.append(new Ellipse2D.Double(-1, -1, 2, 2), false);
    path.append(new Ellipse2D.Double(-0.55, -0.55, 1.1, 1.1), false);
    return path;
  }

  private static Path2D cross(double angle) {
    double w = 0.34;
    return polygon(
        angle, -w, -1, w, -1, w, -w, 1, -w, 1, w, w, w, w, 1, -w, 1, -w, w, -1, w, -1, -w, -w, -w);
  }

  private static Path2D star(double angle) {
    double[] points = new double[20];
    for (int i = 0; i < 10; i++) {
      double radius = i % 2 == 0 ? 1 : 0.42;
      points[2 * i] = radius * StrictMath.sin(i * StrictMath.PI / 5);
      points[2 * i + 1] = -radius * StrictMath.cos(i * StrictMath.PI / 5);
    }
    return polygon(angle, points);
  }

  private static Path2D polygon(double angle, double... points) {
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    Path2D path = new Path2D.Double();
    for (int i = 0; i < points.length; i += 2) {
      double x = cos * points[i] - sin * points[i + 1];
      double y = sin * points[i] + cos * points[i + 1];
      if (i == 0) {
        path.moveTo(x, y);
      } else {
        path.lineTo(x, y);
      }
    }
    path.closePath();
    return path;
  }
}
