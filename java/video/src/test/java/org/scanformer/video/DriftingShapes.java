package org.scanformer.video;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.scanformer.Box;
import org.scanformer.Image;

/**
 * A drawn scene of 640 x 480 by a seed: a circle, a square, a triangle and a star of random colours
 * and sizes, each of which goes round in a quarter of its own. A function of the frame's number.
 */
final class DriftingShapes {
  private static final List<String> FORMS = List.of("circle", "square", "triangle", "star");
  private static final List<String> HUES =
      List.of("red", "green", "blue", "yellow", "orange", "purple");
  private static final int[] RGB = {0xd62020, 0x1e9e32, 0x2348d8, 0xf2e01c, 0xf58a12, 0x8a28b4};
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;

  /**
   * A shape on its way.
   *
   * @param side of its box, or the larger one
   * @param turn radians a frame
   * @param start radians
   */
  private record Drifting(
      String form,
      int hue,
      double side,
      double centerX,
      double centerY,
      double acrossX,
      double acrossY,
      double turn,
      double start) {
    Shape at(int frame) {
      double angle = start + turn * frame;
      double x = centerX + acrossX * Math.cos(angle);
      double y = centerY + acrossY * Math.sin(angle);
      double left = x - side / 2;
      double top = y - side / 2;
      return switch (form) {
        case "circle" -> new Ellipse2D.Double(left, top, side, side);
        case "square" -> new Rectangle2D.Double(left, top, side, side);
        case "triangle" -> scaled(x, y, corners(3, 1));
        default -> scaled(x, y, corners(10, 0.42));
      };
    }

    private Shape scaled(double x, double y, Path2D path) {
      Rectangle2D bounds = path.getBounds2D();
      AffineTransform place = AffineTransform.getTranslateInstance(x, y);
      double scale = side / Math.max(bounds.getWidth(), bounds.getHeight());
      place.scale(scale, scale);
      place.translate(-bounds.getCenterX(), -bounds.getCenterY());
      return path.createTransformedShape(place);
    }
  }

  private final List<Drifting> shapes = new ArrayList<>();
  private final Color ground;

  DriftingShapes(long seed) {
    Random random = new Random(seed);
    List<String> forms = new ArrayList<>(FORMS);
    List<Integer> hues = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5));
    Collections.shuffle(forms, random);
    Collections.shuffle(hues, random);
    ground = new Color(90 + random.nextInt(90), 90 + random.nextInt(90), 90 + random.nextInt(90));
    for (int i = 0; i < forms.size(); i++) {
      double side = 80 + 90 * random.nextDouble();
      double acrossX = (WIDTH / 2.0 - 20 - side) / 2 * random.nextDouble();
      double acrossY = (HEIGHT / 2.0 - 15 - side) / 2 * random.nextDouble();
      double pixels = 1 + 5 * random.nextDouble();
      shapes.add(
          new Drifting(
              forms.get(i),
              hues.get(i),
              side,
              WIDTH / 4.0 + WIDTH / 2.0 * (i % 2),
              HEIGHT / 4.0 + HEIGHT / 2.0 * (i / 2),
              acrossX,
              acrossY,
              pixels / Math.max(8, Math.hypot(acrossX, acrossY)),
              2 * Math.PI * random.nextDouble()));
    }
  }

  /** What to call each shape. */
  List<String> texts() {
    return shapes.stream().map(s -> "the " + HUES.get(s.hue()) + " " + s.form()).toList();
  }

  /** The true box of a shape. */
  Box box(int shape, int frame) {
    Rectangle2D bounds = shapes.get(shape).at(frame).getBounds2D();
    return new Box(bounds.getX(), bounds.getY(), bounds.getWidth(), bounds.getHeight());
  }

  Image image(int frame) {
    BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D g = picture.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    g.setColor(ground);
    g.fillRect(0, 0, WIDTH, HEIGHT);
    for (Drifting shape : shapes) {
      g.setColor(new Color(RGB[shape.hue()]));
      g.fill(shape.at(frame));
    }
    g.dispose();
    MovingShapes.addNoise(picture, frame);
    return MovingShapes.image(picture);
  }

  /** Corners by turns at a radius of 1 and a share of it. */
  private static Path2D corners(int count, double share) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < count; i++) {
      double radius = i % 2 == 0 ? 1 : share;
      double x = radius * Math.sin(2 * i * Math.PI / count);
      double y = -radius * Math.cos(2 * i * Math.PI / count);
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
