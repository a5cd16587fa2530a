package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * What the device does for a scale, for the pass over all tokens and for a text by itself: the
 * operations in their order, as units that a backend can record and replay. What they work on, and
 * how many rows of it, is in the ragged batches, tables and arrays of the workspace. Not safe for
 * use by several threads.
 */
final class ForwardPass {
  /** Kinds of work, for its shape and cost; scale s is kind s, or s + SCALE_WITH_BOX. */
  private static final int SCALE_WITH_BOX = 32;

  static final int FINAL_PASS = 64;
  private static final int TEXT = FINAL_PASS + 1;
  static final int KINDS = TEXT + 1;

  private final ModelConfig config;
  private final Backend backend;
  private final Weights weights;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final Encoder encoder;
  private final int scales;
  private final int encoder1Layers;
  private final int layers;

  /** A window that moves over the images' pyramids, so that a call makes none. */
  private final Tensor canvasWindow;

  /** Each scale's tokens, in work.x. */
  private final Tensor[] xOfScale;

  /** A scale's work by its kind. */
  private final Runnable[] scaleWork = new Runnable[FINAL_PASS];

  private final Runnable finalWork = this::enqueueFinalPass;
  private final Runnable textWork = this::enqueueText;
  private final LaunchShape shape = new LaunchShape();

  ForwardPass(ModelConfig config, Backend backend, Weights weights, Workspace work) {
    this.config = config;
    this.backend = backend;
    this.weights = weights;
    this.work = work;
    this.tables = work.tables;
    this.encoder = new Encoder(config, backend, weights, work);
    this.scales = config.numScales();
    this.encoder1Layers = config.encoder1Layers();
    this.layers = config.numHiddenLayers();
    this.canvasWindow = work.canvas.window("an image's pyramid");
    this.xOfScale = new Tensor[scales];
    for (int s = 0; s < scales; s++) {
      int scale = s;
      xOfScale[s] = work.x.window("tokens of scale " + s).moveTo(work.firstRow[s]);
      scaleWork[kind(s, false)] = () -> enqueueScale(scale, false);
      scaleWork[kind(s, true)] = () -> enqueueScale(scale, true);
    }
  }

  /** Enqueues the pyramids of a batch's images, each image's once. */
  void buildPyramids(BatchSlot[] slots, int requests) {
    GridTable coarsest = tables.grids[0];
    for (int r = 0; r < requests; r++) {
      if (BatchPacker.pyramid(slots, r) == r) {
        backend.buildPyramid(
            slots[r].pixels(),
            config.patchSize(),
            scales,
            coarsest.rows(r),
            coarsest.cols(r),
            weights.imageMean,
            weights.imageStd,
            canvasWindow.moveTo(r));
      }
    }
  }

  /** The kind of work that a scale is, with or without its box. */
  static int kind(int s, boolean withBox) {
    return withBox ? s + SCALE_WITH_BOX : s;
  }

  /**
   * Enqueues a scale.
   *
   * @param withBox whether its tokens go through all layers to a box, or only through Encoder1
   * @return whether its time is typical: see {@link Backend#replay}
   */
  boolean runScale(int s, boolean withBox) {
    int kind = kind(s, withBox);
    setShape(kind, tables.scaleBatch);
    return backend.replay(shape, scaleWork[kind]);
  }

  /**
   * Enqueues the pass over all tokens.
   *
   * @return whether its time is typical: see {@link Backend#replay}
   */
  boolean runFinalPass() {
    setShape(FINAL_PASS, tables.finalBatch);
    return backend.replay(shape, finalWork);
  }

  /** Enqueues a text by itself. */
  void runText() {
    setShape(TEXT, tables.scaleBatch);
    backend.replay(shape, textWork);
  }

  private void setShape(int kind, RaggedBatch batch) {
    shape.set(
        kind,
        batch.requests(),
        batch.segments(),
        batch.launchTextTokens(),
        batch.launchRows(),
        batch.launchPatches());
  }

  private void enqueueText() {
    tables.scale.toDevice();
    embedText(xOfScale[0]);
    encoder.run(tables.scaleBatch, xOfScale[0], 0, layers);
  }

  /** A scale: its tokens, what selects the next scale's patches, and its box where one is asked. */
  private void enqueueScale(int s, boolean withBox) {
    boolean isLast = s == scales - 1;
    Tensor x = xOfScale[s];
    RaggedBatch batch = tables.scaleBatch;
    tables.scale.toDevice();
    if (s == 0) {
      compact(0);
    }
    if (batch.textTokens() > 0) {
      embedText(x);
    }
    embedPatches(s, x);
    encoder.run(batch, x, 0, encoder1Layers);
    if (!isLast) {
      selectionLogits(x);
      backend.selectPatches(
          tables.grids[s],
          tables.grids[s + 1],
          batch.requests(),
          work.logits,
          work.indices,
          tables.mask);
      compact(s + 1);
    }
    if (withBox) {
      encoder.run(batch, x, encoder1Layers, layers);
      predict(batch.requests());
    }
    if (!isLast || withBox) {
      tables.answers.toHost();
    }
    if (isLast && withBox) {
      tables.masks.toHost();
    }
  }

  /** The second half of the encoder over the tokens of all scales at once. */
  private void enqueueFinalPass() {
    tables.all.toDevice();
    RaggedBatch batch = tables.finalBatch;
    encoder.run(batch, work.x, tables.finalRows, work.finalX, encoder1Layers, layers);
    predict(batch.requests());
    tables.answers.toHost();
    tables.masks.toHost();
  }

  private void compact(int s) {
    backend.compactPatches(
        tables.grids[s],
        tables.scaleBatch.requests(),
        tables.mask,
        work.indices,
        tables.selectedCounts);
  }

  private void embedText(Tensor x) {
    backend.embedText(
        tables.scaleBatch.launchTextTokens(),
        tables.textIds,
        tables.textPositions,
        tables.textRows,
        weights.wordEmbeddings,
        weights.textPositions,
        weights.tokenType,
        weights.textNorm.weight(),
        weights.textNorm.bias(),
        (float) config.textLayerNormEps(),
        weights.textModality,
        x);
  }

  private void embedPatches(int s, Tensor x) {
    GridTable grids = tables.grids[s];
    int requests = tables.scaleBatch.requests();
    int patches = tables.scaleBatch.launchPatches();
    backend.gatherPatches(
        grids, requests, patches, config.patchSize(), work.canvas, work.indices, work.patchRows);
    backend.linear(
        work.patchRows,
        patches,
        weights.patchProjection,
        Activation.IDENTITY,
        work.patchEmbeddings);
    backend.embedPatches(
        grids,
        requests,
        patches,
        work.patchEmbeddings,
        work.indices,
        weights.clsToken,
        weights.imagePositions,
        config.positionGrid(),
        weights.imageModality,
        weights.scaleEmbeddings,
        weights.constantToken,
        x);
  }

  /** out_proj(gelu(dense(LN(h)))) of every selected patch of a scale. */
  private void selectionLogits(Tensor x) {
    int patches = tables.scaleBatch.launchPatches();
    backend.residualLayerNorm(
        patches,
        x,
        tables.patchTokenRows,
        null,
        null,
        weights.selectionNorm.weight(),
        weights.selectionNorm.bias(),
        (float) config.layerNormEps(),
        work.norm);
    backend.linear(
        work.norm, patches, weights.selectionDense, Activation.GELU, work.selectionHidden);
    backend.linear(
        work.selectionHidden, patches, weights.selectionOut, Activation.IDENTITY, work.logits);
  }

  /** Box and score of every request from its normalised [REG] token. */
  private void predict(int requests) {
    backend.linear(
        work.regNorm, requests, weights.boxHead.get(0), Activation.RELU, work.boxHidden1);
    backend.linear(
        work.boxHidden1, requests, weights.boxHead.get(1), Activation.RELU, work.boxHidden2);
    backend.linear(work.boxHidden2, requests, weights.boxHead.get(2), Activation.SIGMOID, work.box);
    if (weights.scoreHead != null) {
      backend.linear(work.regNorm, requests, weights.scoreHead, Activation.SIGMOID, work.score);
    }
  }
}
