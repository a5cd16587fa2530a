package org.scanformer.reference;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.SplittableRandom;

/** Random RGB images with structure: a gradient, rectangles over it, noise over all. */
public final class RandomImages {
  private static final int RECTANGLES = 8;
  private static final int NOISE = 12; // of 255, to either side

  private RandomImages() {}

  /** The same seed and size always give the same image, of type TYPE_INT_RGB. */
  public static BufferedImage structured(long seed, int width, int height) {
    SplittableRandom random = new SplittableRandom(seed);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setPaint(new GradientPaint(0, 0, color(random), width, height, color(random)));
    graphics.fillRect(0, 0, width, height);
    for (int i = 0; i < RECTANGLES; i++) {
      graphics.setColor(color(random));
      graphics.fillRect(
          random.nextInt(width),
          random.nextInt(height),
          random.nextInt(1 + width / 2),
          random.nextInt(1 + height / 2));
    }
    graphics.dispose();

    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int x = 0; x < width; x++) {
        int red = noisy(random, row[x] >> 16 & 0xff);
        int green = noisy(random, row[x] >> 8 & 0xff);
        int blue = noisy(random, row[x] & 0xff);
        row[x] = red << 16 | green << 8 | blue;
      }
      image.setRGB(0, y, width, 1, row, 0, width);
    }
    return image;
  }

  private static Color color(SplittableRandom random) {
    return new Color(random.nextInt(1 << 24));
  }

  private static int noisy(SplittableRandom random, int value) {
    return Math.min(Math.max(value + random.nextInt(-NOISE, NOISE + 1), 0), 255);
  }
}
