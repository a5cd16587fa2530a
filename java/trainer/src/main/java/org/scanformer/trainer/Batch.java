package org.scanformer.trainer;

import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Pairs that share a coarse grid, with the labels that a scan of them is compared with. B pairs, S
 * scales, n patches at a scale in row-major order.
 */
final class Batch implements AutoCloseable {
  /** Pixels and labels of a scale's patches. */
  static final class ScaleLabels {
    /** Normalised pixels of each patch as the projection takes them, [B, n, 3 P²]. */
    final float[] pixels;

    /** The box (cx, cy, w, h) of the object that covers each patch, [B, n, 4]. */
    final float[] patchBoxes;

    /** 1 where an object covers the patch, [B, n]. */
    final float[] covered;

    /** That object's category, [B, n]; {@link #UNKNOWN} if there is none or it is not known. */
    final long[] categories;

    /** That object's colour, [B, n]; {@link #UNKNOWN} if there is none or it is not known. */
    final long[] colors;

    /** The numbers of the words that are said of that object, [B, n]; null if there is none. */
    final int[][] words;

    /** 1 where the target's box overlaps the patch, [B, n]. */
    final float[] target;

    /**
     * 1 where the patch is worth selecting: the target or, at finer scales, a landmark overlaps it,
     * or of an untrue expression what of it is there, [B, n].
     */
    final float[] wanted;

    /** 1 where something that the expression's subject fits overlaps the patch, [B, n]. */
    final float[] subjects;

    /** 1 where something that its landmark fits overlaps the patch, [B, n]. */
    final float[] landmarks;

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
      words = new int[batch * n][];
      target = new float[batch * n];
      wanted = new float[batch * n];
      subjects = new float[batch * n];
      landmarks = new float[batch * n];
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
      words = Arrays.copyOf(whole.words, whole.words.length / of * batch);
      target = Arrays.copyOf(whole.target, whole.target.length / of * batch);
      wanted = Arrays.copyOf(whole.wanted, whole.wanted.length / of * batch);
      subjects = Arrays.copyOf(whole.subjects, whole.subjects.length / of * batch);
      landmarks = Arrays.copyOf(whole.landmarks, whole.landmarks.length / of * batch);
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

  /** Token ids of each expression. */
  final int[][] ids;

  /** The true boxes (cx, cy, w, h), relative to the image, [B, 4]; anything without a target. */
  final float[] boxes;

  /** 1 where the expression has a target, 0 where it is not true of the image, [B]. */
  final float[] there;

  /** 1 where it is known what the expression's parts fit, [B]. */
  final float[] mentioned;

  final ScaleLabels[] scales;

  /** The pixels of each scale on a device, [B · n, 3 P²]; null before {@link #upload}. */
  private Tensor[] uploaded;

  Batch(
      int[][] ids,
      int patchSize,
      float[] boxes,
      float[] there,
      float[] mentioned,
      ScaleLabels[] scales) {
    this.size = ids.length;
    this.ids = ids;
    this.patchSize = patchSize;
    this.boxes = boxes;
    this.there = there;
    this.mentioned = mentioned;
    this.scales = scales;
  }

  /** Pairs with a target. */
  int targets() {
    int targets = 0;
    for (float one : there) {
      targets += (int) one;
    }
    return targets;
  }

  /** Tokens of each expression. */
  int[] lengths() {
    return Arrays.stream(ids).mapToInt(row -> row.length).toArray();
  }

  /**
   * The pixels of patches, [places, 3 P²].
   *
   * @param places of patches among the B · n
   */
  Tensor patchRows(Device device, int scale, int[] places) {
    if (uploaded != null) {
      long[] numbers = Arrays.stream(places).asLongStream().toArray();
      return uploaded[scale].index_select(0, Torch.of(device, numbers, numbers.length));
    }
    int length = 3 * patchSize * patchSize;
    float[] rows = new float[places.length * length];
    for (int i = 0; i < places.length; i++) {
      System.arraycopy(scales[scale].pixels, places[i] * length, rows, i * length, length);
    }
    return Torch.of(device, rows, places.length, length);
  }

  /**
   * Copies the pixels to a device, where {@link #patchRows} then finds them: for a thread that
   * makes batches ahead, as they are most of what a step sends there.
   */
  void upload(Device device) {
    int length = 3 * patchSize * patchSize;
    Tensor[] copies = new Tensor[scales.length];
    for (int s = 0; s < scales.length; s++) {
      copies[s] = Torch.of(device, scales[s].pixels, scales[s].pixels.length / length, length);
    }
    uploaded = copies;
  }

  /** Whether its pixels are on a device. */
  boolean isUploaded() {
    return uploaded != null;
  }

  @Override
  public void close() {
    if (uploaded != null) {
      for (Tensor tensor : uploaded) {
        tensor.close();
      }
      uploaded = null;
    }
  }
}
