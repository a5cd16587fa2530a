package org.scanformer.internal.pyramid;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.Precision;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.engine.Backends;
import org.scanformer.internal.model.ModelConfig;

/**
 * Makes the pyramids of images exactly as a call of a model makes them. Its memory is reserved once
 * for the largest image pyramid of the configuration. Not safe for use by several threads.
 */
public final class ImagePyramid implements AutoCloseable {
  private final ModelConfig config;
  private final Backend backend;
  private final Tensor mean = new Tensor("image_mean", ElementType.F32, 1, 3);
  private final Tensor std = new Tensor("image_std", ElementType.F32, 1, 3);
  private final Tensor canvas;
  private final FloatBuffer levels;
  private final PyramidBatch batch = new PyramidBatch(1);
  private final Tensor canvasWindow;

  private ImagePyramid(ModelConfig config, Backend backend) {
    this.config = config;
    this.backend = backend;
    long floats = 0;
    for (int s = 0; s < config.numScales(); s++) {
      floats += levelFloats(config.coarseGrid(), config.coarseGrid(), s);
    }
    canvas = new Tensor("image pyramid", ElementType.F32, 1, Math.toIntExact(floats));
    levels = direct(Math.toIntExact(floats));
    for (Tensor tensor : List.of(mean, std, canvas)) {
      backend.allocate(tensor);
    }
    canvasWindow = canvas.window("an image's pyramid");
    backend.upload(mean, 0, direct(3).put(config.imageMean()).flip());
    backend.upload(std, 0, direct(3).put(config.imageStd()).flip());
  }

  /**
   * Opens a backend in fp32, which pyramids always are in.
   *
   * @param threads CPU threads; 0 for all
   * @throws ScanFormerException UNSUPPORTED when that backend cannot be used, OUT_OF_MEMORY when
   *     the largest pyramid does not fit
   */
  public static ImagePyramid open(ModelConfig config, BackendKind kind, int threads) {
    Backend backend =
        Backends.open(
            ScanFormerOptions.builder()
                .backend(kind)
                .precision(Precision.FP32)
                .threads(threads)
                .build());
    try {
      return new ImagePyramid(config, backend);
    } catch (RuntimeException | Error e) {
      backend.close();
      throw e;
    }
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(floats, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Floats of a scale's level, for a coarsest grid of that size. */
  private long levelFloats(long rows, long cols, int scale) {
    long patch = config.patchSize();
    return 3 * (rows << scale) * (cols << scale) * patch * patch;
  }

  /**
   * The pyramid of an image.
   *
   * @return the levels of all scales one after another, coarsest first, each [3, rows * patch, cols
   *     * patch] of the scale's grid; from position 0 to the limit, valid until the next call
   */
  public FloatBuffer of(Image image) {
    ModelConfig.Grid grid = config.coarseGrid(image.width(), image.height());
    int scales = config.numScales();
    batch.clear();
    batch.add(new PixelSource(image), grid.rows(), grid.cols(), 0);
    backend.buildPyramids(batch, config.patchSize(), scales, mean, std, canvasWindow);
    batch.clear();
    long floats = 0;
    for (int s = 0; s < scales; s++) {
      floats += levelFloats(grid.rows(), grid.cols(), s);
    }
    levels.clear().limit((int) floats);
    backend.download(canvas, 0, levels);
    return levels.rewind();
  }

  @Override
  public void close() {
    backend.close();
  }
}
