package org.scanformer.datasets;

import java.util.Arrays;
import java.util.List;
import org.scanformer.Box;

/**
 * How much of the middle of a box has each colour. Immutable.
 *
 * @param shares by the place of {@link #NAMES}, each from 0 to 1, together 1; empty if the pixels
 *     are not known
 */
record ColorShares(double[] shares) {
  /** The basic colours of English (Berlin and Kay 1969). */
  static final List<String> NAMES =
      List.of(
          "black", "white", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink",
          "brown");

  /** Where no pixels are known. */
  static final ColorShares UNKNOWN = new ColorShares(new double[0]);

  /** The part of a box's sides that its middle has. */
  private static final double MIDDLE = 0.5;

  /** The most pixels that are looked at along a side. */
  private static final int SAMPLES = 24;

  /** How much of an object has its colour, at least. */
  private static final double MOST = 0.6;

  /** How much of another object may have that colour. */
  private static final double HARDLY = 0.15;

  /** The copy that keeps the record immutable. */
  ColorShares {
    shares = shares.clone();
  }

  /** The shares in an image of sRGB pixels. */
  static ColorShares of(RgbPixels pixels, Box box) {
    double[] shares = new double[NAMES.size()];
    double left = box.x() + box.width() * (1 - MIDDLE) / 2;
    double top = box.y() + box.height() * (1 - MIDDLE) / 2;
    for (int i = 0; i < SAMPLES; i++) {
      for (int j = 0; j < SAMPLES; j++) {
        double x = left + box.width() * MIDDLE * (j + 0.5) / SAMPLES;
        double y = top + box.height() * MIDDLE * (i + 0.5) / SAMPLES;
        shares[NAMES.indexOf(name(pixels.at((int) x, (int) y)))] += 1.0 / (SAMPLES * SAMPLES);
      }
    }
    return new ColorShares(shares);
  }

  /** The colour of most of the object; null if it has none. */
  String name() {
    for (int i = 0; i < shares.length; i++) {
      if (shares[i] >= MOST) {
        return NAMES.get(i);
      }
    }
    return null;
  }

  /** Whether the object is certainly not of a colour. */
  boolean isHardly(String color) {
    return shares.length > 0 && shares[NAMES.indexOf(color)] <= HARDLY;
  }

  /** The name of a colour 0xRRGGBB, by hue, saturation and value of the HSV model. */
  static String name(int rgb) {
    int red = rgb >> 16 & 255;
    int green = rgb >> 8 & 255;
    int blue = rgb & 255;
    int most = Math.max(red, Math.max(green, blue));
    int range = most - Math.min(red, Math.min(green, blue));
    double value = most / 255.0;
    double saturation = most == 0 ? 0 : (double) range / most;
    if (value < 0.2) {
      return "black";
    }
    if (saturation < 0.16) {
      return value > 0.8 ? "white" : value < 0.3 ? "black" : "gray";
    }
    double hue = hue(red, green, blue, most, range);
    if (hue < 14 || hue >= 342) {
      return saturation < 0.55 && value > 0.75 ? "pink" : value < 0.35 ? "brown" : "red";
    }
    if (hue < 42) {
      return value < 0.65 || saturation < 0.55 ? "brown" : "orange";
    }
    if (hue < 68) {
      return value < 0.45 ? "brown" : "yellow";
    }
    if (hue < 170) {
      return "green";
    }
    if (hue < 258) {
      return "blue";
    }
    return hue < 295 || value < 0.65 ? "purple" : "pink";
  }

  /** In degrees, 0 to 360. */
  private static double hue(int red, int green, int blue, int most, int range) {
    double sixth =
        most == red
            ? (double) (green - blue) / range
            : most == green
                ? 2 + (double) (blue - red) / range
                : 4 + (double) (red - green) / range;
    return (sixth * 60 + 360) % 360;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ColorShares colors && Arrays.equals(shares, colors.shares);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(shares);
  }

  @Override
  public String toString() {
    return "ColorShares" + Arrays.toString(shares);
  }
}
