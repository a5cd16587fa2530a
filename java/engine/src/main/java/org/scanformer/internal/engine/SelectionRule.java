package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PatchMask;
import org.scanformer.ScanFormerException;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.model.ModelConfig;

/**
 * How the patches of the scales beyond the coarsest are selected: those whose logits are greater
 * than a bound, and of these at most a maximum, the highest; or those of masks that are known
 * before the run. Immutable.
 */
final class SelectionRule {
  private final float logitBound;
  private final int maxSelected;

  /** Whether every patch is selected, even one whose logit is NaN or minus infinity. */
  private final boolean all;

  /** One mask for every scale, or null. */
  private final List<PatchMask> masks;

  private SelectionRule(float logitBound, int maxSelected, boolean all, List<PatchMask> masks) {
    this.logitBound = logitBound;
    this.maxSelected = maxSelected;
    this.all = all;
    this.masks = masks;
  }

  /** The rule of a policy, for a model that may bring its own threshold. */
  static SelectionRule of(SelectionPolicy policy, ModelConfig config) {
    float bound = logit(config.selectionThreshold());
    int most = Integer.MAX_VALUE;
    List<PatchMask> given = null;
    if (policy instanceof SelectionPolicy.Threshold threshold) {
      bound = logit(threshold.threshold());
    } else if (policy instanceof SelectionPolicy.TopK top) {
      bound = Float.NEGATIVE_INFINITY;
      most = top.k();
    } else if (policy instanceof SelectionPolicy.All) {
      bound = Float.NEGATIVE_INFINITY;
    } else if (policy instanceof SelectionPolicy.None) {
      bound = Float.POSITIVE_INFINITY;
    } else if (policy instanceof SelectionPolicy.Masks fixed) {
      given = fixed.masks();
    }
    return new SelectionRule(bound, most, policy instanceof SelectionPolicy.All, given);
  }

  private static float logit(double probability) {
    return (float) Math.log(probability / (1 - probability));
  }

  /** A patch is selected when its logit is greater than this. */
  float logitBound() {
    return logitBound;
  }

  /** The most patches of a scale. */
  int maxSelected() {
    return maxSelected;
  }

  /**
   * Whether the masks are known before the run.
   *
   * @param total patches of the scale's grid
   * @param maxPatches the most of them that the run may select by their logits
   */
  boolean isGiven(int total, int maxPatches) {
    return masks != null || all && total <= maxPatches;
  }

  /** Writes a given mask, one byte for each of the grid's patches, from an index on. */
  void putMask(int scale, int total, ByteBuffer to, int index) {
    if (masks != null) {
      // Not by its bytes, of which it gives copies only.
      PatchMask mask = masks.get(scale);
      for (int row = 0; row < mask.rows(); row++) {
        for (int col = 0; col < mask.cols(); col++) {
          to.put(index + row * mask.cols() + col, (byte) (mask.isSelected(row, col) ? 1 : 0));
        }
      }
      return;
    }
    for (int i = 0; i < total; i++) {
      to.put(index + i, (byte) 1);
    }
  }

  /**
   * Checks given masks against an image's grids.
   *
   * @param coarse the coarsest of the grids
   * @param image whose grids they are
   * @param mostSelected the most patches of each scale that there is room for
   * @throws ScanFormerException BAD_INPUT when a mask has another size than its grid or selects too
   *     many patches
   */
  void requireFits(ModelConfig.Grid coarse, Image image, int[] mostSelected) {
    if (masks == null) {
      return;
    }
    if (masks.size() != mostSelected.length) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "Expected a mask for each of the model's "
              + mostSelected.length
              + " scales, found "
              + masks.size());
    }
    for (int s = 0; s < masks.size(); s++) {
      PatchMask mask = masks.get(s);
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      if (mask.rows() != rows || mask.cols() != cols) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale "
                + s
                + " must be "
                + rows
                + " x "
                + cols
                + " patches for an image of "
                + image.width()
                + " x "
                + image.height()
                + " pixels, found "
                + mask.rows()
                + " x "
                + mask.cols());
      }
      if (mask.count() > mostSelected[s]) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale "
                + s
                + " selects "
                + mask.count()
                + " patches, expected at most the declared "
                + mostSelected[s]);
      }
      if (s == 0 && mask.count() != mask.total()) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT,
            "The mask of scale 0 must select all of its "
                + mask.total()
                + " patches, found "
                + mask.count()
                + " selected");
      }
    }
  }
}
