package org.scanformer.internal.cuda;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.PixelSource;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Pyramids of a batch's images. Neighbours of one size and format share launches: as many as the
 * device can work on while the pixels of the next ones come. Allocates nothing in a call. Used by
 * one thread at a time.
 */
final class CudaPyramids {
  /** Images that share launches at most. */
  static final int MOST_ALIKE = 16;

  private final NativeStream stream;
  private final Staging staging;
  private final PointerPointer<Pointer> images = new PointerPointer<>(MOST_ALIKE);
  private final PointerPointer<Pointer> canvases = new PointerPointer<>(MOST_ALIKE);

  /** Puts an image's pixels where the device reads them. */
  interface Staging {
    void stage(PixelSource image);
  }

  CudaPyramids(NativeStream stream, Staging staging) {
    this.stream = stream;
    this.staging = staging;
  }

  /**
   * Stages some of the images and enqueues their pyramids.
   *
   * @param from the first image
   * @param end behind the last
   * @param canvas a window, moved to each image's place
   */
  void build(
      PyramidBatch batch,
      int from,
      int end,
      int patchSize,
      int scales,
      Tensor mean,
      Tensor std,
      Tensor canvas) {
    int first = from;
    for (int i = from; i < end; i++) {
      staging.stage(batch.image(i));
      boolean last = i + 1 == end || i + 1 - first == MOST_ALIKE || !batch.alike(first, i + 1);
      images.put(i - first, batch.image(i).struct());
      canvases.put(i - first, canvas.moveTo(batch.place(i)).pointer());
      if (last) {
        stream.check(
            CudaApi.sf_build_pyramids(
                stream.pointer(),
                images,
                i + 1 - first,
                patchSize,
                scales,
                batch.coarseRows(first),
                batch.coarseCols(first),
                mean.pointer(),
                std.pointer(),
                canvases));
        first = i + 1;
      }
    }
  }

  void close() {
    images.close();
    canvases.close();
  }
}
