package org.scanformer.video;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scanformer.Box;
import org.scanformer.PatchMask;
import org.scanformer.SelectionPolicy;
import org.scanformer.SessionResult;

/**
 * Masks that select the patches around a box in the finest scale, those and what the model last
 * chose by itself in the scales between, and all of the coarsest one: without its own choice in
 * between, boxes fit less well. Masks of the same patches are made once. Not safe for use by
 * several threads.
 */
final class SearchMasks {
  private final int scales;
  private final int rows;
  private final int cols;
  private final int imageWidth;
  private final int imageHeight;

  /** By scale, what the model last chose; null where it is not known or not used. */
  private final PatchMask[] chosen;

  /** Left, top, right and bottom of the finest scale's last region, in patches. */
  private int[] last;

  private SelectionPolicy policy;

  /** Masks for images of a size, whose coarsest grid is given. */
  SearchMasks(int scales, int rows, int cols, int imageWidth, int imageHeight) {
    this.scales = scales;
    this.rows = rows;
    this.cols = cols;
    this.imageWidth = imageWidth;
    this.imageHeight = imageHeight;
    this.chosen = new PatchMask[scales];
  }

  boolean isOf(int width, int height) {
    return width == imageWidth && height == imageHeight;
  }

  /** Keeps what the model chose by itself in a search of all scales. */
  void learn(SessionResult search) {
    for (int scale = 1; scale < Math.min(scales - 1, search.completedScales()); scale++) {
      chosen[scale] = search.mask(scale);
    }
    policy = null;
  }

  /**
   * The selection of the patches that a region touches.
   *
   * @param region in pixels
   * @param maxPatches the most a scale
   * @return null when the region is outside of the image or has more patches than that
   */
  SelectionPolicy around(Box region, int maxPatches) {
    Box within = region.clip(imageWidth, imageHeight);
    if (within.area() == 0) {
      return null;
    }
    int[] finest = patches(within, scales - 1);
    if ((finest[2] - finest[0]) * (finest[3] - finest[1]) > maxPatches) {
      return null;
    }
    if (policy == null || !Arrays.equals(finest, last)) {
      policy = SelectionPolicy.masks(masks(finest));
      last = finest;
    }
    return policy;
  }

  /** Left, top, right and bottom of the patches of a scale that a box within the image touches. */
  int[] patches(Box box, int scale) {
    int width = cols << scale;
    int height = rows << scale;
    // Divided last, so that edges of patches are exact; a box's own edges may be rounded up.
    return new int[] {
      (int) Math.floor(box.x() * width / imageWidth),
      (int) Math.floor(box.y() * height / imageHeight),
      Math.min(width, (int) Math.ceil(box.right() * width / imageWidth)),
      Math.min(height, (int) Math.ceil(box.bottom() * height / imageHeight))
    };
  }

  /** Each scale's mask: the finest one's patches, and those that they are parts of or chosen. */
  private List<PatchMask> masks(int[] finest) {
    List<PatchMask> masks = new ArrayList<>(scales);
    masks.add(PatchMask.all(rows, cols));
    for (int scale = 1; scale < scales; scale++) {
      int shift = scales - 1 - scale;
      int width = cols << scale;
      byte[] selected =
          chosen[scale] == null ? new byte[width * (rows << scale)] : chosen[scale].toBytes();
      for (int row = finest[1] >> shift; row <= finest[3] - 1 >> shift; row++) {
        int from = row * width + (finest[0] >> shift);
        Arrays.fill(selected, from, row * width + (finest[2] - 1 >> shift) + 1, (byte) 1);
      }
      masks.add(PatchMask.of(rows << scale, width, selected));
    }
    return masks;
  }
}
