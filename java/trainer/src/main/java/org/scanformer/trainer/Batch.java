package org.scanformer.trainer;

import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Pairs that share a coarse grid, with the labels that a scan of them is compared with. B pairs, S
 * scales, n patches at a scale in row-major order.
 */
final class Batch {
  /** Pixels and labels of a scale's patches. */
  static final class ScaleLabels {
    /** Normalised pixels, [B, 3, rows * P, cols * P]. */
    final float[] pixels;

    /** The box (cx, cy, w, h) of the object that covers each patch, [B, n, 4]. */
    final float[] patchBoxes;

    /** 1 where an object covers the patch, [B, n]. */
    final float[] covered;

    /** That object's category, [B, n]; {@link #UNKNOWN} if there is none or it is not known. */
    final long[] categories;

    /** That object's colour, [B, n]; {@link #UNKNOWN} if there is none or it is not known. */
    final long[] colors;

    /** 1 where the target's box overlaps the patch, [B, n]. */
    final float[] target;

    /** 1 where the patch is worth selecting: the target or a landmark overlaps it. */
    final float[] wanted;

    final int rows;
    final int cols;

    ScaleLabels(int batch, int rows, int cols, int patchSize) {
      int n = rows * cols;
      this.rows = rows;
      this.cols = cols;
      pixels = new float[batch * 3 * n * patchSize * patchSize];
      patchBoxes = new float[batch * n * 4];
      covered = new float[batch * n];
      categories = new long[batch * n];
      colors = new long[batch * n];
      target = new float[batch * n];
      wanted = new float[batch * n];
      Arrays.fill(categories, UNKNOWN);
      Arrays.fill(colors, UNKNOWN);
    }

    private ScaleLabels(ScaleLabels whole, int batch, int of) {
      rows = whole.rows;
      cols = whole.cols;
      pixels = Arrays.copyOf(whole.pixels, whole.pixels.length / of * batch);
      patchBoxes = Arrays.copyOf(whole.patchBoxes, whole.patchBoxes.length / of * batch);
      covered = Arrays.copyOf(whole.covered, whole.covered.length / of * batch);
      categories = Arrays.copyOf(whole.categories, whole.categories.length / of * batch);
      colors = Arrays.copyOf(whole.colors, whole.colors.length / of * batch);
      target = Arrays.copyOf(whole.target, whole.target.length / of * batch);
      wanted = Arrays.copyOf(whole.wanted, whole.wanted.length / of * batch);
    }

    /** A copy with only the first pairs. */
    ScaleLabels first(int batch) {
      return new ScaleLabels(this, batch, target.length / (rows * cols));
    }
  }

  /** The class that losses ignore. */
  static final long UNKNOWN = -100;

  final int size;
  final int patchSize;

  /** Token ids, [B, text]; 0 after an expression's end. */
  final long[] ids;

  /** Columns of ids: the longest expression's tokens, rounded up to a multiple of 4. */
  final int textLength;

  /** Tokens of each expression. */
  final int[] lengths;

  /** The true boxes (cx, cy, w, h), relative to the image, [B, 4]; anything without a target. */
  final float[] boxes;

  /** 1 where the expression has a target, 0 where it is not true of the image, [B]. */
  final float[] there;

  final ScaleLabels[] scales;

  Batch(
      int[][] ids,
      int maxTextLength,
      int patchSize,
      float[] boxes,
      float[] there,
      ScaleLabels[] scales) {
    this.size = ids.length;
    this.patchSize = patchSize;
    this.boxes = boxes;
    this.there = there;
    this.scales = scales;
    int longest = 0;
    for (int[] row : ids) {
      longest = Math.max(longest, row.length);
    }
    // Few different shapes: the libraries prepare a kernel for each.
    longest = Math.min(maxTextLength, (longest + 3) / 4 * 4);
    this.textLength = longest;
    this.ids = new long[size * longest];
    this.lengths = new int[size];
    for (int i = 0; i < size; i++) {
      lengths[i] = ids[i].length;
      for (int j = 0; j < ids[i].length; j++) {
        this.ids[i * longest + j] = ids[i][j];
      }
    }
  }

  /** Pairs with a target. */
  int targets() {
    int targets = 0;
    for (float one : there) {
      targets += (int) one;
    }
    return targets;
  }

  /** The patches' pixels as rows for the projection: channel, row, column; [B, n, 3 P²]. */
  Tensor patchRows(Device device, int scale, ScalarType type) {
    ScaleLabels s = scales[scale];
    long p = patchSize;
    return Torch.of(device, s.pixels, size, 3, s.rows, p, s.cols, p)
        .to(type)
        .permute(0, 2, 4, 1, 3, 5)
        .reshape(size, (long) s.rows * s.cols, 3 * p * p);
  }

  /** A scale's array of one number per patch as a tensor, [B, n]. */
  Tensor perPatch(Device device, int scale, float[] data) {
    return Torch.of(device, data, size, (long) scales[scale].rows * scales[scale].cols);
  }

  /** A scale's array of one class per patch as a tensor, [B, n]. */
  Tensor perPatch(Device device, int scale, long[] data) {
    return Torch.of(device, data, size, (long) scales[scale].rows * scales[scale].cols);
  }
}
