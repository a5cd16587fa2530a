package org.scanformer.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.scanformer.Image;
import org.scanformer.PatchMask;
import org.scanformer.SelectionPolicy;

/**
 * A control for the selection: at each scale except the first, a given share of the patches, drawn
 * at random. Thread-safe.
 */
final class RandomSelection {
  private final int coarseGrid;
  private final int scales;
  private final boolean keepsAspect;
  private final double[] shares;

  /**
   * A control for a model.
   *
   * @param config the model's configuration, by the names of its file
   * @param shares for the scales from 1 on; the last one also holds for all scales after it
   */
  RandomSelection(Map<String, Object> config, double[] shares) {
    this.coarseGrid = ((Number) config.get("coarse_grid")).intValue();
    this.scales = ((Number) config.get("num_scales")).intValue();
    this.keepsAspect = "aspect".equals(config.get("resize"));
    this.shares = shares;
  }

  /** Masks for an image; the same number gives the same masks. */
  SelectionPolicy masks(Image image, long number) {
    SplittableRandom random = new SplittableRandom(number);
    long longSide = Math.max(image.width(), image.height());
    long shortSide = Math.min(image.width(), image.height());
    // ⌊g0 · short / long + ½⌋ patches on the short side, at least one
    int few =
        keepsAspect
            ? (int) Math.max(1, (2L * coarseGrid * shortSide + longSide) / (2 * longSide))
            : coarseGrid;
    int rows = image.width() >= image.height() ? few : coarseGrid;
    int cols = image.width() >= image.height() ? coarseGrid : few;
    List<PatchMask> masks = new ArrayList<>();
    for (int s = 0; s < scales; s++) {
      int n = (rows << s) * (cols << s);
      double share = s == 0 ? 1 : shares[Math.min(shares.length, s) - 1];
      masks.add(PatchMask.of(rows << s, cols << s, draw(n, (int) Math.round(share * n), random)));
    }
    return SelectionPolicy.masks(masks);
  }

  private static byte[] draw(int n, int count, SplittableRandom random) {
    byte[] mask = new byte[n];
    int needed = count;
    for (int i = 0; i < n; i++) {
      if (random.nextInt(n - i) < needed) {
        mask[i] = 1;
        needed--;
      }
    }
    return mask;
  }
}
