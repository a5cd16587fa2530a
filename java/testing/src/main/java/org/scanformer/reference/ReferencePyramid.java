package org.scanformer.reference;

import java.awt.image.BufferedImage;
import java.util.stream.IntStream;

/**
 * The image pyramid in float64. Images are double[3][height][width], RGB; 0 to 255 before
 * normalisation.
 */
public final class ReferencePyramid {
  private final int patchSize;
  private final int coarseRows;
  private final int coarseCols;

  /** Normalised pixels by scale: [scale][channel][y][x]. */
  private final double[][][][] levels;

  /** Builds all scales of the model's pyramid from an image. */
  public ReferencePyramid(ReferenceModel model, double[][][] rgb) {
    patchSize = model.patchSize;
    int height = rgb[0].length;
    int width = rgb[0][0].length;
    int[] grid = coarseGrid(model.keepsAspect, model.coarseGrid, height, width);
    coarseRows = grid[0];
    coarseCols = grid[1];

    levels = new double[model.scales][3][][];
    int finest = model.scales - 1;
    for (int c = 0; c < 3; c++) {
      double[][] canvas = resize(rgb[c], rows(finest) * patchSize, cols(finest) * patchSize);
      levels[finest][c] = normalise(canvas, model.imageMean[c], model.imageStd[c]);
      for (int scale = finest - 1; scale >= 0; scale--) {
        levels[scale][c] = mean2x2(levels[scale + 1][c]);
      }
    }
  }

  /** Rows of patches at a scale. */
  public int rows(int scale) {
    return coarseRows << scale;
  }

  /** Columns of patches at a scale. */
  public int cols(int scale) {
    return coarseCols << scale;
  }

  /** The normalised pixels of a scale, [3][rows * P][cols * P]. */
  public double[][][] level(int scale) {
    return levels[scale];
  }

  /** The pixels of patch (i, j) flattened channel, row, column: [3 * P * P]. */
  public double[] patch(int scale, int i, int j) {
    double[] pixels = new double[3 * patchSize * patchSize];
    int n = 0;
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < patchSize; y++) {
        for (int x = 0; x < patchSize; x++) {
          pixels[n++] = levels[scale][c][i * patchSize + y][j * patchSize + x];
        }
      }
    }
    return pixels;
  }

  /**
   * {rows, cols} of the coarsest scale. Keeping the aspect, the long side gets grid patches and the
   * short one max(1, floor(grid * short / long + 1/2)), here in integers.
   */
  static int[] coarseGrid(boolean keepsAspect, int grid, int height, int width) {
    if (!keepsAspect) {
      return new int[] {grid, grid};
    }
    long longSide = Math.max(height, width);
    long shortSide = Math.min(height, width);
    int shortGrid = Math.max(1, (int) ((2L * grid * shortSide + longSide) / (2 * longSide)));
    return height >= width ? new int[] {grid, shortGrid} : new int[] {shortGrid, grid};
  }

  /**
   * Resizes a plane by the separable triangle filter whose support widens with the reduction: PIL's
   * BILINEAR, PyTorch's bilinear interpolation with antialias and without align_corners.
   */
  static double[][] resize(double[][] plane, int outHeight, int outWidth) {
    double[][] horizontal = new double[plane.length][];
    IntStream.range(0, plane.length)
        .parallel()
        .forEach(y -> horizontal[y] = resizeRow(plane[y], outWidth));
    double[][] columns = transpose(horizontal);
    IntStream.range(0, columns.length)
        .parallel()
        .forEach(x -> columns[x] = resizeRow(columns[x], outHeight));
    return transpose(columns);
  }

  private static double[] resizeRow(double[] in, int outSize) {
    double[] out = new double[outSize];
    double scale = (double) in.length / outSize;
    double support = Math.max(scale, 1); // the triangle's half width, in input pixels
    for (int i = 0; i < outSize; i++) {
      double center = scale * (i + 0.5);
      int min = Math.max((int) (center - support + 0.5), 0);
      int max = Math.min((int) (center + support + 0.5), in.length);
      double sum = 0;
      double weights = 0;
      for (int j = min; j < max; j++) {
        double weight = Math.max(0, 1 - Math.abs((j + 0.5 - center) / support));
        sum += weight * in[j];
        weights += weight;
      }
      out[i] = sum / weights;
    }
    return out;
  }

  private static double[][] transpose(double[][] plane) {
    double[][] transposed = new double[plane[0].length][plane.length];
    for (int y = 0; y < plane.length; y++) {
      for (int x = 0; x < plane[0].length; x++) {
        transposed[x][y] = plane[y][x];
      }
    }
    return transposed;
  }

  private static double[][] normalise(double[][] plane, double mean, double std) {
    double[][] normalised = new double[plane.length][plane[0].length];
    for (int y = 0; y < plane.length; y++) {
      for (int x = 0; x < plane[0].length; x++) {
        normalised[y][x] = (plane[y][x] / 255 - mean) / std;
      }
    }
    return normalised;
  }

  private static double[][] mean2x2(double[][] finer) {
    double[][] coarser = new double[finer.length / 2][finer[0].length / 2];
    for (int y = 0; y < coarser.length; y++) {
      for (int x = 0; x < coarser[0].length; x++) {
        double top = finer[2 * y][2 * x] + finer[2 * y][2 * x + 1];
        double bottom = finer[2 * y + 1][2 * x] + finer[2 * y + 1][2 * x + 1];
        coarser[y][x] = (top + bottom) / 4;
      }
    }
    return coarser;
  }

  /** The pixels of an image, without its alpha. */
  public static double[][][] pixels(BufferedImage image) {
    double[][][] rgb = new double[3][image.getHeight()][image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int argb = image.getRGB(x, y);
        rgb[0][y][x] = (argb >> 16) & 0xff;
        rgb[1][y][x] = (argb >> 8) & 0xff;
        rgb[2][y][x] = argb & 0xff;
      }
    }
    return rgb;
  }

  /** The pixels of interleaved RGB bytes, [height][width][3]. */
  public static double[][][] pixels(byte[] interleaved, int height, int width) {
    double[][][] rgb = new double[3][height][width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          rgb[c][y][x] = interleaved[(y * width + x) * 3 + c] & 0xff;
        }
      }
    }
    return rgb;
  }
}
