package org.scanformer.internal.engine;

import java.util.Locale;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.ModelConfig;

/**
 * What a workspace is sized for. Immutable.
 *
 * @param maxBatch requests
 * @param frameWidth of the declared frames, in pixels; 0 when frames may have any size
 * @param frameHeight of the declared frames
 * @param maxPatches patches that may be selected in a scale beyond the coarsest
 * @param oneGraph whether calls of one image are to be recorded as a whole, where the device can
 */
public record Limits(
    int maxBatch, int frameWidth, int frameHeight, int maxPatches, boolean oneGraph) {
  /** Requests of any size, all patches of which may be selected. */
  public static Limits anyFrames(int maxBatch) {
    return new Limits(maxBatch, 0, 0, Integer.MAX_VALUE, false);
  }

  /** Patches of the coarsest grid that there is room for. */
  int coarsePatches(ModelConfig config) {
    int side = config.coarseGrid();
    ModelConfig.Grid grid =
        frameWidth == 0
            ? new ModelConfig.Grid(side, side)
            : config.coarseGrid(frameWidth, frameHeight);
    return Math.multiplyExact(grid.rows(), grid.cols());
  }

  /** Bytes of a declared frame's pixels, in the widest format; 0 when nothing is declared. */
  long frameBytes() {
    return 4L * frameWidth * frameHeight;
  }

  /** That an image's grid is larger than that of the declared frames. */
  ScanFormerException tooLarge(ModelConfig config, Image image, ModelConfig.Grid grid) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT,
        String.format(
            Locale.ROOT,
            "The image of %dx%d pixels needs a coarsest grid of %d patches, expected at most the %d"
                + " of the declared frames of %dx%d pixels",
            image.width(),
            image.height(),
            grid.rows() * grid.cols(),
            coarsePatches(config),
            frameWidth,
            frameHeight));
  }
}
