package org.scanformer.internal.backend;

import org.scanformer.natives.api.Api;

/**
 * The operations of the model, each a function of {@code scanformer.h} under its name, whose
 * comments give shapes and formulas. They are the same calls on every backend, enqueued on its
 * stream. A failed one is a {@link org.scanformer.ScanFormerException} that names it.
 *
 * <p>Used by one thread at a time.
 */
public interface Operations {
  /** The stream that operations are enqueued on. */
  NativeStream stream();

  /** The C API's number of the compute type of attention. */
  int computeType();

  // ---- Image pyramid and patches ----

  /**
   * Puts an image's planes where the device can read them, until the backend is synchronised. What
   * is in heap buffers is copied in the call; the rest must stay as it is until then.
   *
   * @throws org.scanformer.ScanFormerException BAD_INPUT for memory that the device cannot read
   */
  void stagePixels(PixelSource image);

  /**
   * Resizes and normalises each image to its finest canvas and halves it down to the coarsest.
   *
   * @param batch images that are staged by the call, see {@link #stagePixels}
   * @param canvas where the levels go, from the coarsest on: a window, which the call moves to each
   *     image's place
   */
  default void buildPyramids(
      PyramidBatch batch, int patchSize, int scales, Tensor mean, Tensor std, Tensor canvas) {
    for (int i = 0; i < batch.size(); i++) {
      stagePixels(batch.image(i));
      stream()
          .check(
              Api.sf_build_pyramid(
                  stream().pointer(),
                  batch.image(i).struct(),
                  patchSize,
                  scales,
                  batch.coarseRows(i),
                  batch.coarseCols(i),
                  mean.pointer(),
                  std.pointer(),
                  canvas.moveTo(batch.place(i)).pointer()));
    }
  }

  /**
   * Compacts each grid's mask to indices in row-major order and their counts (int32, one a grid).
   */
  default void compactPatches(
      GridTable grids, int count, Table mask, Tensor indices, Table counts) {
    stream()
        .check(
            Api.sf_compact_patches(
                stream().pointer(),
                grids.table().device(),
                count,
                mask.device(),
                indices.pointer(),
                counts.device()));
  }

  /**
   * Writes the selected patches' pixels as rows for the patch projection.
   *
   * @param patches the sum of the grids' selected patches, or more
   */
  default void gatherPatches(
      GridTable grids,
      int count,
      int patches,
      int patchSize,
      Tensor canvas,
      Tensor indices,
      Tensor rows) {
    stream()
        .check(
            Api.sf_gather_patches(
                stream().pointer(),
                grids.table().device(),
                count,
                patches,
                patchSize,
                canvas.pointer(),
                indices.pointer(),
                rows.type().code(),
                rows.pointer()));
  }

  /** The next scale's masks from the logits of the selected parents' children. */
  default void selectPatches(
      GridTable parents, GridTable children, int count, Tensor logits, Tensor indices, Table mask) {
    stream()
        .check(
            Api.sf_select_patches(
                stream().pointer(),
                parents.table().device(),
                children.table().device(),
                count,
                logits.pointer(),
                indices.pointer(),
                mask.device()));
  }

  // ---- Tokens ----

  /** Text tokens. ids, positions and tokenRows hold an int32 a token. */
  default void embedText(
      int tokens,
      Table ids,
      Table positions,
      Table tokenRows,
      Tensor wordEmbeddings,
      Tensor positionEmbeddings,
      Tensor tokenType,
      Tensor normWeight,
      Tensor normBias,
      float epsilon,
      Tensor modality,
      Tensor x) {
    stream()
        .check(
            Api.sf_embed_text(
                stream().pointer(),
                tokens,
                x.columns(),
                ids.device(),
                positions.device(),
                tokenRows.device(),
                wordEmbeddings.pointer(),
                Math.toIntExact(wordEmbeddings.rows()),
                positionEmbeddings.pointer(),
                Math.toIntExact(positionEmbeddings.rows()),
                tokenType.pointer(),
                normWeight.pointer(),
                normBias.pointer(),
                epsilon,
                modality.pointer(),
                x.pointer()));
  }

  /**
   * The [REG], patch and constant tokens of each grid's segment.
   *
   * @param numPatches the sum of the grids' selected patches, or more
   */
  default void embedPatches(
      GridTable grids,
      int count,
      int numPatches,
      Tensor patches,
      Tensor indices,
      Tensor clsToken,
      Tensor positionEmbeddings,
      int positionGrid,
      Tensor modality,
      Tensor scaleEmbeddings,
      Tensor constantToken,
      Tensor x) {
    stream()
        .check(
            Api.sf_embed_patches(
                stream().pointer(),
                grids.table().device(),
                count,
                numPatches,
                x.columns(),
                patches.pointer(),
                indices.pointer(),
                clsToken.pointer(),
                positionEmbeddings.pointer(),
                positionGrid,
                modality.pointer(),
                scaleEmbeddings.pointer(),
                constantToken.pointer(),
                x.pointer()));
  }

  // ---- Encoder ----

  /**
   * xOut[i] = x[r] + y[i], out[i] = LayerNorm(xOut[i]), r = rowIndex[i] or i.
   *
   * @param rowIndex int32 a row, or null
   * @param y what is added, or null
   * @param xOut where the sum goes (may be x where there is no rowIndex), or null
   * @param out where the norm goes, or null
   */
  default void residualLayerNorm(
      int rows,
      Tensor x,
      Table rowIndex,
      Tensor y,
      Tensor xOut,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out) {
    stream()
        .check(
            Api.sf_residual_layer_norm(
                stream().pointer(),
                rows,
                x.columns(),
                x.pointer(),
                rowIndex == null ? null : rowIndex.device(),
                y == null ? null : y.pointer(),
                xOut == null ? null : xOut.pointer(),
                weight == null ? null : weight.pointer(),
                bias == null ? null : bias.pointer(),
                epsilon,
                out == null ? ElementType.F32.code() : out.type().code(),
                out == null ? null : out.pointer()));
  }

  /** Bytes that one layer's K, V and log-counts of that many tokens occupy in the cache. */
  default long kvBytes(int heads, int headSize, int tokens) {
    return Api.sf_kv_bytes(stream().pointer(), heads, headSize, tokens, computeType());
  }

  /**
   * Adds the bias and appends K and V with the ln of their counts (int32 a row) to the cache; q
   * gets the queries.
   *
   * @param rows the sum of the appends' tokens, or more
   */
  default void appendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor qkv,
      Tensor bias,
      Table counts,
      Tensor q) {
    stream()
        .check(
            Api.sf_append_kv(
                stream().pointer(),
                appends.table().device(),
                appends.size(),
                rows,
                heads,
                headSize,
                layer,
                computeType(),
                qkv.pointer(),
                bias.pointer(),
                counts.device(),
                q.pointer()));
  }

  /**
   * Attention of each query block over its segments, ln-counts added to the logits.
   *
   * @param rows the sum of the blocks' rows, or more
   */
  default void attention(
      QueryBlockTable blocks,
      int rows,
      KvSegmentTable segments,
      int heads,
      int headSize,
      int layer,
      Tensor q,
      Tensor out) {
    stream()
        .check(
            Api.sf_attention(
                stream().pointer(),
                blocks.table().device(),
                blocks.size(),
                blocks.mostRows(),
                rows,
                segments.table().device(),
                segments.size(),
                heads,
                headSize,
                layer,
                computeType(),
                q.pointer(),
                out.type().code(),
                out.pointer()));
  }
}
