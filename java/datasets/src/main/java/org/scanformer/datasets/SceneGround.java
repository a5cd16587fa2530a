package org.scanformer.datasets;

import java.util.SplittableRandom;

/**
 * The background of a scene. Every pixel is a mix of two colours with a little noise. The size of a
 * pattern is a share of the image, so that a scene looks alike at every size. Immutable.
 *
 * @param pattern how the two colours mix
 * @param first 0xRRGGBB
 * @param second 0xRRGGBB
 * @param period of the pattern, relative to the image's long side
 * @param slope direction of the pattern, radians
 * @param noise largest change of a channel by the noise, in levels of 0 to 255
 * @param seed of the noise and the cloud pattern
 */
record SceneGround(
    Pattern pattern, int first, int second, double period, double slope, int noise, long seed) {
  /** The patterns. */
  enum Pattern {
    PLAIN,
    GRADIENT,
    STRIPES,
    CHECKS,
    CLOUDS
  }

  static SceneGround random(SplittableRandom random) {
    Pattern[] patterns = Pattern.values();
    int first = muted(random);
    int second = near(first, random);
    return new SceneGround(
        patterns[random.nextInt(patterns.length)],
        first,
        second,
        0.03 + 0.17 * random.nextDouble(),
        2 * StrictMath.PI * random.nextDouble(),
        random.nextInt(2) == 0 ? 0 : 4 + random.nextInt(14),
        random.nextLong());
  }

  /** A colour of little saturation, neither black nor white. */
  private static int muted(SplittableRandom random) {
    int gray = 70 + random.nextInt(125);
    return rgb(
        gray + random.nextInt(51) - 25,
        gray + random.nextInt(51) - 25,
        gray + random.nextInt(51) - 25);
  }

  private static int near(int color, SplittableRandom random) {
    int change = (10 + random.nextInt(28)) * (random.nextInt(2) == 0 ? 1 : -1);
    return rgb((color >> 16 & 255) + change, (color >> 8 & 255) + change, (color & 255) + change);
  }

  /** A colour from channels that may be out of range. */
  static int rgb(int red, int green, int blue) {
    return clamp(red) << 16 | clamp(green) << 8 | clamp(blue);
  }

  private static int clamp(int value) {
    return Math.max(0, Math.min(255, value));
  }

  /** Fills an image, [height, width], 0xRRGGBB. */
  void paint(int[] pixels, int width, int height) {
    double unit = 1.0 / (Math.max(width, height) * period);
    double alongX = StrictMath.cos(slope) * unit;
    double alongY = StrictMath.sin(slope) * unit;
    double span = Math.abs(alongX) * width + Math.abs(alongY) * height;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double share =
            switch (pattern) {
              case PLAIN -> 0;
              case GRADIENT -> {
                double t = alongX * (x - width / 2.0) + alongY * (y - height / 2.0);
                yield t / span + 0.5;
              }
              case STRIPES -> (floor(alongX * x + alongY * y) & 1);
              case CHECKS -> (floor(alongX * x + alongY * y) + floor(alongX * y - alongY * x) & 1);
              case CLOUDS -> cloud(x * unit, y * unit);
            };
        int grain = noise == 0 ? 0 : (int) ((hash(x, y) >>> 40) % (2 * noise + 1)) - noise;
        pixels[y * width + x] = mix(share, grain);
      }
    }
  }

  private static int floor(double value) {
    int truncated = (int) value;
    return value < truncated ? truncated - 1 : truncated;
  }

  private int mix(double share, int grain) {
    int weight = (int) (share * 256);
    int red = (first >> 16 & 255) * (256 - weight) + (second >> 16 & 255) * weight >> 8;
    int green = (first >> 8 & 255) * (256 - weight) + (second >> 8 & 255) * weight >> 8;
    int blue = (first & 255) * (256 - weight) + (second & 255) * weight >> 8;
    return rgb(red + grain, green + grain, blue + grain);
  }

  /** Value noise: hashed lattice values, interpolated bilinearly. */
  private double cloud(double x, double y) {
    int left = floor(x);
    int top = floor(y);
    double right = x - left;
    double down = y - top;
    double upper = lattice(left, top) * (1 - right) + lattice(left + 1, top) * right;
    double lower = lattice(left, top + 1) * (1 - right) + lattice(left + 1, top + 1) * right;
    return upper * (1 - down) + lower * down;
  }

  private double lattice(int x, int y) {
    return (hash(x, y) >>> 40) * 0x1.0p-24;
  }

  private long hash(int x, int y) {
    return SceneSeeds.mix(seed + 0x9e3779b97f4a7c15L * x + 0xc2b2ae3d27d4eb4fL * y);
  }
}
