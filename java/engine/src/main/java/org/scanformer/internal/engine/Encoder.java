package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.KvSegmentTable;
import org.scanformer.internal.backend.QueryBlockTable;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * The transformer that text and all scales share: pre-norm blocks of ViLT (Kim, Son, Kim, ICML
 * 2021) whose keys and values are kept in a cache, so that a segment attends to itself and to all
 * earlier segments of its request without computing them again. Not safe for use by several
 * threads.
 */
final class Encoder {
  private final Backend backend;
  private final Weights weights;
  private final Workspace work;
  private final KvSegmentTable segments;
  private final int layers;
  private final int heads;
  private final int headSize;
  private final float epsilon;

  Encoder(ModelConfig config, Backend backend, Weights weights, Workspace work) {
    this.backend = backend;
    this.weights = weights;
    this.work = work;
    this.segments = work.tables.segments;
    this.layers = config.numHiddenLayers();
    this.heads = config.numAttentionHeads();
    this.headSize = config.headSize();
    this.epsilon = (float) config.layerNormEps();
  }

  /**
   * Runs the layers from first to end (exclusive) on a batch. After the last layer, the batch's
   * [REG] tokens are normalised in {@code work.regNorm}.
   *
   * @param x [launch rows, hidden], the residual stream of the batch's tokens; updated
   * @param allRows whether all tokens go through the last layer, so that x holds the result;
   *     otherwise only the [REG] tokens do, in {@code work.reg}
   */
  void run(RaggedBatch batch, Tensor x, int first, int end, boolean allRows) {
    run(batch, x, null, x, first, end, allRows);
  }

  /**
   * The same for tokens that lie elsewhere.
   *
   * @param from [*, hidden], where they are
   * @param fromRows the row of each in it, int32; null for one after another
   * @param x [launch rows, hidden], where they go; may be `from` when fromRows is null
   */
  void run(
      RaggedBatch batch,
      Tensor from,
      Table fromRows,
      Tensor x,
      int first,
      int end,
      boolean allRows) {
    final int rows = batch.launchRows();
    // What a block adds to x is added by the norm that follows it, in the next block or after the
    // last.
    Tensor pending = null;
    for (int i = first; i < end; i++) {
      Weights.Layer layer = weights.layers.get(i);
      if (i == first && fromRows != null) {
        gatherAndNormalize(rows, from, fromRows, x, layer.before(), work.norm);
      } else {
        addAndNormalize(rows, x, pending, layer.before(), work.norm);
      }
      backend.linearAppendKv(
          batch.appends,
          rows,
          heads,
          headSize,
          i,
          work.norm,
          layer.qkv(),
          layer.qkvBias(),
          batch.counts,
          work.qkv,
          work.q);
      if (i < layers - 1 || allRows) {
        pending = attendAndTransform(i, batch.blocks, rows, x);
      } else {
        attendAndTransformRegs(i, batch, x);
        return;
      }
    }
    if (pending != null) {
      backend.residualLayerNorm(rows, x, null, pending, x, null, null, epsilon, null);
    }
    if (end == layers) {
      Weights.Norm norm = weights.finalNorm;
      int boxes = batch.regBlocks.size();
      backend.residualLayerNorm(
          boxes, x, batch.regRows, null, null, norm.weight(), norm.bias(), epsilon, work.regNorm);
    }
  }

  /**
   * A block after its cache append: x += projection(attention); x += fc2(gelu(fc1(norm(x)))).
   *
   * @return what is still to be added to x, or null
   */
  private Tensor attendAndTransform(int i, QueryBlockTable blocks, int rows, Tensor x) {
    Weights.Layer layer = weights.layers.get(i);
    backend.attention(blocks, rows, segments, heads, headSize, i, work.q, work.context);
    Tensor pending = backend.linearToAdd(work.context, rows, layer.projection(), x, work.residual);
    addAndNormalize(rows, x, pending, layer.after(), work.norm);
    backend.linear(work.norm, rows, layer.fc1(), Activation.GELU, work.intermediate);
    return backend.linearToAdd(work.intermediate, rows, layer.fc2(), x, work.residual);
  }

  /** The last block's [REG] tokens: from x to work.reg, and normalised to work.regNorm. */
  private void attendAndTransformRegs(int i, RaggedBatch batch, Tensor x) {
    Weights.Layer layer = weights.layers.get(i);
    int boxes = batch.regBlocks.size();
    backend.attention(batch.regBlocks, boxes, segments, heads, headSize, i, work.q, work.context);
    backend.linear(work.context, boxes, layer.projection(), Activation.IDENTITY, work.residual);
    backend.residualLayerNorm(
        boxes,
        x,
        batch.regRows,
        work.residual,
        work.reg,
        layer.after().weight(),
        layer.after().bias(),
        epsilon,
        work.norm);
    backend.linear(work.norm, boxes, layer.fc1(), Activation.GELU, work.intermediate);
    Tensor pending =
        backend.linearToAdd(work.intermediate, boxes, layer.fc2(), work.reg, work.residual);
    addAndNormalize(boxes, work.reg, pending, weights.finalNorm, work.regNorm);
  }

  private void gatherAndNormalize(
      int rows, Tensor from, Table fromRows, Tensor x, Weights.Norm norm, Tensor out) {
    backend.residualLayerNorm(
        rows, from, fromRows, null, x, norm.weight(), norm.bias(), epsilon, out);
  }

  private void addAndNormalize(int rows, Tensor x, Tensor added, Weights.Norm norm, Tensor out) {
    Tensor sum = added == null ? null : x;
    backend.residualLayerNorm(rows, x, null, added, sum, norm.weight(), norm.bias(), epsilon, out);
  }
}
