package org.scanformer.video;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/**
 * A scene of drawn shapes: a red circle that goes round the middle, a green square that goes up and
 * down on the left, and a yellow star and a blue triangle that stand on the right, with a little
 * noise as of a camera. A function of the frame's number.
 */
final class MovingShapes {
  static final String CIRCLE = "the red circle";
  static final String SQUARE = "the green square";
  static final double FPS = 30;

  /** In pixels of a scene of 640 x 480, to which others are scaled. */
  private static final double CIRCLE_SIDE = 200;

  private static final double SQUARE_SIDE = 90;
  private static final double ORBIT = 110;
  private static final int NOISE_LEVELS = 3;
  private static final int NOISE_PERIOD = 100_003;
  private static final byte[] NOISE = noise();

  final int width;
  final int height;

  /** How far the circle goes in a frame, in pixels of a scene of 640 x 480. */
  private final double speed;

  /** From this frame on, until the next one, there is no circle; -1 for never. */
  private int goneFrom = -1;

  private int goneTo = -1;

  MovingShapes(int width, int height, double speed) {
    this.width = width;
    this.height = height;
    this.speed = speed;
  }

  MovingShapes withoutCircle(int from, int to) {
    goneFrom = from;
    goneTo = to;
    return this;
  }

  boolean hasCircle(int frame) {
    return frame < goneFrom || frame >= goneTo;
  }

  /** The true box of the circle. */
  Box circle(int frame) {
    double angle = speed * frame / ORBIT;
    return box(320 + ORBIT * Math.cos(angle), 235 + ORBIT * Math.sin(angle), CIRCLE_SIDE);
  }

  /** The true box of the square. */
  Box square(int frame) {
    return box(55, 240 + 160 * Math.sin(0.5 * speed * frame / 160), SQUARE_SIDE);
  }

  private Box box(double centerX, double centerY, double side) {
    double unit = width / 640.0;
    return new Box(
        (centerX - side / 2) * unit,
        (centerY - side / 2) * height / 480,
        side * unit,
        side * height / 480);
  }

  /** The frame's picture, 3BYTE_BGR. */
  BufferedImage draw(int frame) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D g = picture.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    g.setColor(new Color(0x8c8478));
    g.fillRect(0, 0, width, height);
    g.setColor(new Color(0x2348d8));
    g.fill(polygon(3, 1, 585, 400, 50));
    g.setColor(new Color(0xf2e01c));
    g.fill(polygon(10, 0.42, 580, 70, 52));
    Box square = square(frame);
    g.setColor(new Color(0x1e9e32));
    g.fill(new Rectangle2D.Double(square.x(), square.y(), square.width(), square.height()));
    if (hasCircle(frame)) {
      Box circle = circle(frame);
      g.setColor(new Color(0xd62020));
      g.fill(new Ellipse2D.Double(circle.x(), circle.y(), circle.width(), circle.height()));
    }
    g.dispose();
    addNoise(picture, frame);
    return picture;
  }

  /** A polygon of corners by turns at a radius and a share of it, or all at it where that is 1. */
  private Path2D polygon(int corners, double share, double x, double y, double radius) {
    Path2D path = new Path2D.Double();
    for (int i = 0; i < corners; i++) {
      double r = i % 2 == 0 ? radius : radius * share;
      double px = (x + r * Math.sin(2 * i * Math.PI / corners)) * width / 640;
      double py = (y - r * Math.cos(2 * i * Math.PI / corners)) * height / 480;
      if (i == 0) {
        path.moveTo(px, py);
      } else {
        path.lineTo(px, py);
      }
    }
    path.closePath();
    return path;
  }

  static void addNoise(BufferedImage picture, int frame) {
    byte[] bytes = ((DataBufferByte) picture.getRaster().getDataBuffer()).getData();
    int at = new SplittableRandom(frame).nextInt(NOISE.length);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) Math.max(0, Math.min(255, (bytes[i] & 255) + NOISE[at]));
      at = at + 1 == NOISE.length ? 0 : at + 1;
    }
  }

  private static byte[] noise() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] noise = new byte[NOISE_PERIOD];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (byte) (random.nextInt(2 * NOISE_LEVELS + 1) - NOISE_LEVELS);
    }
    return noise;
  }

  /** The frame as the library takes it, BGR in a heap buffer. */
  Image image(int frame) {
    return image(draw(frame));
  }

  static Image image(BufferedImage picture) {
    byte[] bytes = ((DataBufferByte) picture.getRaster().getDataBuffer()).getData();
    return Image.of(
        ByteBuffer.wrap(bytes), PixelFormat.BGR, picture.getWidth(), picture.getHeight());
  }

  /** Encodes frames from the first one on as a film. */
  Path encode(Path file, int frames, double framesPerSecond) {
    try (VideoSink sink = VideoSink.open(file, width, height, framesPerSecond);
        Picture picture = Picture.of(width, height, PixelFormat.I420)) {
      for (int i = 0; i < frames; i++) {
        picture.set(image(i));
        sink.write(picture, Math.round(i * 1e9 / framesPerSecond));
      }
    }
    return file;
  }
}
