package org.scanformer.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferencePyramidTest {
  @ParameterizedTest
  @CsvSource({
    "true, 5, 100, 100, 5, 5",
    "true, 3, 64, 96, 2, 3",
    "true, 3, 517, 301, 3, 2",
    "true, 5, 3, 10, 2, 5", // 1.5 patches: a half rounds up
    "true, 5, 299, 1000, 1, 5",
    "true, 5, 4000, 10, 5, 1", // never less than one
    "false, 5, 4000, 10, 5, 5"
  })
  void coarseGrid(boolean keepsAspect, int grid, int height, int width, int rows, int cols) {
    assertArrayEquals(
        new int[] {rows, cols}, ReferencePyramid.coarseGrid(keepsAspect, grid, height, width));
  }

  @ParameterizedTest
  @CsvSource({"13, 7, 48, 96", "500, 333, 32, 48", "1, 1, 5, 3", "9, 400, 20, 20"})
  void aConstantImageStaysConstant(int height, int width, int outHeight, int outWidth) {
    double[][] plane = new double[height][width];
    for (double[] row : plane) {
      Arrays.fill(row, 117);
    }
    for (double[] row : ReferencePyramid.resize(plane, outHeight, outWidth)) {
      for (double value : row) {
        assertEquals(117, value, 1e-12);
      }
    }
  }

  @Test
  void theSameSizeIsTheSameImage() {
    double[][] plane = randomPlane(11, 17);
    assertArrayEquals(plane, ReferencePyramid.resize(plane, 11, 17));
  }

  /**
   * The formula without windows or passes: every output weighs every pixel by a product of
   * triangles.
   */
  @ParameterizedTest
  @CsvSource({"23, 31, 16, 16", "10, 7, 24, 40", "40, 9, 16, 24", "64, 48, 16, 12"})
  void resizingIsTheConvolutionWithATriangle(int height, int width, int outHeight, int outWidth) {
    double[][] plane = randomPlane(height, width);
    double[][] resized = ReferencePyramid.resize(plane, outHeight, outWidth);
    for (int i = 0; i < outHeight; i++) {
      for (int j = 0; j < outWidth; j++) {
        double sum = 0;
        double weights = 0;
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++) {
            double weight = triangle(i, outHeight, y, height) * triangle(j, outWidth, x, width);
            sum += weight * plane[y][x];
            weights += weight;
          }
        }
        assertEquals(sum / weights, resized[i][j], 1e-11);
      }
    }
  }

  /**
   * The weight of input pixel j for output i; a triangle as wide as the coarser of the two grids.
   */
  private static double triangle(int i, int outSize, int j, int inSize) {
    double distance = Math.abs((i + 0.5) / outSize - (j + 0.5) / inSize);
    double halfWidth = Math.max(1.0 / inSize, 1.0 / outSize);
    return Math.max(0, 1 - distance / halfWidth);
  }

  @Test
  void levelsAreNormalisedAndEachHalvesTheFinerOne(@TempDir Path directory) throws IOException {
    ReferenceModel model = ReferenceModel.load(RandomModel.tiny().patchSize(4).write(directory));
    // As large as the finest canvas, so that no pixel is resampled: 3 * 4 patches of 4 pixels.
    double[][][] rgb = {randomPlane(48, 48), randomPlane(48, 48), randomPlane(48, 48)};
    ReferencePyramid pyramid = new ReferencePyramid(model, rgb);
    for (int c = 0; c < 3; c++) {
      assertEquals(rgb[c][5][9] / 127.5 - 1, pyramid.level(2)[c][5][9], 1e-14);
      double mean = 0;
      for (int y = 20; y < 24; y++) {
        for (int x = 8; x < 12; x++) {
          mean += pyramid.level(2)[c][y][x] / 16;
        }
      }
      assertEquals(mean, pyramid.level(0)[c][5][2], 1e-14);
      // Patch (1, 0) of scale 0 holds that pixel in its row 1 and column 2.
      assertEquals(mean, pyramid.patch(0, 1, 0)[c * 16 + 1 * 4 + 2], 1e-14);
    }
  }

  private static double[][] randomPlane(int height, int width) {
    SplittableRandom random = new SplittableRandom(height * 1000L + width);
    double[][] plane = new double[height][width];
    for (double[] row : plane) {
      Arrays.setAll(row, x -> random.nextInt(256));
    }
    return plane;
  }
}
