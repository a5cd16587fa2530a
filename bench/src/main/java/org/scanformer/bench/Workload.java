package org.scanformer.bench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.Schedule;
import org.scanformer.internal.engine.Flops;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;
import org.scanformer.internal.model.TextTokenizer;
import org.scanformer.internal.pyramid.ImagePyramid;

/**
 * One job for ScanFormer and every peer: the same model, frames, masks, text and threads. Masks are
 * given, so that the work is the same in every run; all requests of a batch select the same number
 * of patches per scale, but different ones. Thread-safe, as nothing changes it.
 *
 * @param directory the model
 * @param config its configuration
 * @param images the frames, one per request
 * @param masks of each request, one per scale
 * @param text the expression of all requests
 * @param ids its tokens
 * @param textCached whether the text was encoded before and its keys and values are cached
 * @param schedule the order of the scales through the encoder
 * @param precision the type of matrix products
 * @param threads CPU threads
 */
public record Workload(
    Path directory,
    ModelConfig config,
    List<Image> images,
    List<List<PatchMask>> masks,
    String text,
    int[] ids,
    boolean textCached,
    Schedule schedule,
    Precision precision,
    int threads) {

  /**
   * The job of a batch of frames of noise.
   *
   * @param selection shares of the patches selected at scales 1, 2 and up, in percent: "50/25"; the
   *     last one also holds for all later scales
   */
  public static Workload of(
      Path directory,
      int batch,
      String selection,
      String text,
      boolean textCached,
      Schedule schedule,
      Precision precision,
      int threads) {
    List<Image> images = new ArrayList<>();
    List<List<PatchMask>> masks = new ArrayList<>();
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      TextTokenizer tokenizer = model.openTokenizer();
      for (int r = 0; r < batch; r++) {
        images.add(BenchModel.frame(2 + r));
        masks.add(masks(model.config(), selection, 3 + r));
      }
      return new Workload(
          directory,
          model.config(),
          images,
          masks,
          text,
          tokenizer.encode(text),
          textCached,
          schedule,
          precision,
          threads);
    }
  }

  private static List<PatchMask> masks(ModelConfig config, String selection, long seed) {
    String[] shares = selection.split("/");
    ModelConfig.Grid coarse = config.coarseGrid(BenchModel.WIDTH, BenchModel.HEIGHT);
    Random random = new Random(seed);
    List<PatchMask> masks = new ArrayList<>();
    for (int s = 0; s < config.numScales(); s++) {
      int rows = coarse.rows() << s;
      int cols = coarse.cols() << s;
      double share = s == 0 ? 1 : Integer.parseInt(shares[Math.min(s, shares.length) - 1]) / 100.0;
      byte[] mask = new byte[rows * cols];
      for (int left = (int) Math.round(rows * cols * share); left > 0; ) {
        int at = random.nextInt(mask.length);
        if (mask[at] == 0) {
          mask[at] = 1;
          left--;
        }
      }
      masks.add(PatchMask.of(rows, cols, mask));
    }
    return masks;
  }

  /** The number of requests. */
  public int batch() {
    return images.size();
  }

  /** A mask of the size and the count that every request's mask has at a scale. */
  public PatchMask mask(int scale) {
    return masks.get(0).get(scale);
  }

  /** Tokens of a request's segment of a scale: [REG], the selected patches, the constant. */
  public int tokens(int scale) {
    PatchMask mask = mask(scale);
    return 1 + mask.count() + (mask.count() < mask.total() ? 1 : 0);
  }

  /** Floating-point operations of the whole batch, as the engine does them. */
  public double flops() {
    Flops flops = new Flops(config);
    double operations = textCached ? 0 : flops.text(ids.length);
    int keys = ids.length;
    for (int s = 0; s < config.numScales(); s++) {
      keys += tokens(s);
      operations += flops.scale(mask(s).count(), tokens(s), keys, s < config.numScales() - 1);
    }
    return batch() * operations;
  }

  /**
   * The requests' image pyramids exactly as a model makes them, for peers, as the comparison
   * excludes pyramids.
   *
   * @return one per scale, [batch, 3, rows * patch, cols * patch], direct
   */
  public List<FloatBuffer> canvases() {
    return canvases(BackendKind.CPU);
  }

  /** The same, made by a given backend. */
  List<FloatBuffer> canvases(BackendKind kind) {
    int patch = config.patchSize();
    List<FloatBuffer> canvases = new ArrayList<>();
    for (int s = 0; s < config.numScales(); s++) {
      canvases.add(direct(batch() * 3 * mask(s).total() * patch * patch));
    }
    try (ImagePyramid pyramid = ImagePyramid.open(config, kind, 0)) {
      for (Image image : images) {
        FloatBuffer levels = pyramid.of(image);
        for (FloatBuffer canvas : canvases) {
          int floats = canvas.capacity() / batch();
          canvas.put(levels.slice(levels.position(), floats));
          levels.position(levels.position() + floats);
        }
      }
    }
    canvases.forEach(FloatBuffer::rewind);
    return canvases;
  }

  private static FloatBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(elements, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
