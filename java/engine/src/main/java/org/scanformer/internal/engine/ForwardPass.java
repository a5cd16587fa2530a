package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.PyramidBatch;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * What the device does for a scale, for the pass over all tokens, for the candidates of either and
 * for a text by itself: the operations in their order, as units that a backend can record and
 * replay. What they work on, and how many rows of it, is in the ragged batches, tables and arrays
 * of the workspace. Not safe for use by several threads.
 */
final class ForwardPass {
  private final ModelConfig config;
  private final Backend backend;
  private final Weights weights;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final Encoder encoder;
  private final WorkKinds kinds;
  private final int scales;
  private final int encoder1Layers;
  private final int layers;

  /** A window that moves over the images' pyramids, so that a call makes none. */
  private final Tensor canvasWindow;

  /** Each scale's tokens, in work.x. */
  private final Tensor[] xOfScale;

  /** The images of a batch, while their pyramids are enqueued. */
  private final PyramidBatch images;

  /** Each kind's work. */
  private final Runnable[] workOfKind;

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
    this.kinds = new WorkKinds(scales);
    this.workOfKind = new Runnable[kinds.count()];
    this.images = new PyramidBatch(work.maxBatch);
    this.xOfScale = new Tensor[scales];
    for (int s = 0; s < scales; s++) {
      int scale = s;
      xOfScale[s] = work.x.window("tokens of scale " + s).moveTo(work.firstRow[s]);
      for (WorkKinds.Depth depth : WorkKinds.Depth.values()) {
        workOfKind[kinds.scale(s, depth)] = () -> enqueueScale(scale, depth);
      }
      workOfKind[kinds.candidates(s)] = () -> enqueueCandidates(xOfScale[scale]);
    }
    workOfKind[kinds.finalCandidates()] = () -> enqueueCandidates(work.finalX);
    workOfKind[kinds.finalPass(false)] = () -> enqueueFinalPass(false);
    workOfKind[kinds.finalPass(true)] = () -> enqueueFinalPass(true);
    workOfKind[kinds.text()] = this::enqueueText;
  }

  /** Enqueues the pyramids of a batch's images, each image's once. */
  void buildPyramids(BatchSlot[] slots, int requests) {
    GridTable coarsest = tables.grids[0];
    images.clear();
    for (int r = 0; r < requests; r++) {
      if (BatchPacker.pyramid(slots, r) == r) {
        images.add(slots[r].pixels(), coarsest.rows(r), coarsest.cols(r), r);
      }
    }
    backend.buildPyramids(
        images, config.patchSize(), scales, weights.imageMean, weights.imageStd, canvasWindow);
    images.clear();
  }

  /** The numbers of its kinds of work. */
  WorkKinds kinds() {
    return kinds;
  }

  /**
   * Enqueues work on the tokens of a batch: of the scale batch, except for the pass over all
   * tokens.
   *
   * @return whether its time is typical: see {@link Backend#replay}
   */
  boolean run(int kind, RaggedBatch batch) {
    shape.set(
        kind,
        batch.requests(),
        batch.segments(),
        batch.launchTextTokens(),
        batch.launchRows(),
        batch.launchPatches());
    return backend.replay(shape, workOfKind[kind]);
  }

  private void enqueueText() {
    tables.scale.toDevice();
    embedText(xOfScale[0]);
    encoder.run(tables.scaleBatch, xOfScale[0], 0, layers, false);
  }

  /** A scale: its tokens, what selects the next scale's patches, and its box where one is asked. */
  private void enqueueScale(int s, WorkKinds.Depth depth) {
    boolean withBox = depth != WorkKinds.Depth.SELECTION;
    boolean isLast = s == scales - 1;
    tables.scale.toDevice();
    encodeScale(s, depth);
    if (!isLast || withBox) {
      tables.answers.toHost();
    }
    if (isLast && withBox) {
      tables.masks.toHost();
    }
  }

  /** The same from tables that the device has, with results that stay there. */
  void encodeScale(int s, WorkKinds.Depth depth) {
    Tensor x = xOfScale[s];
    RaggedBatch batch = tables.scaleBatch;
    if (s == 0) {
      compact(0);
    }
    if (batch.textTokens() > 0) {
      embedText(x);
    }
    embedPatches(s, x);
    encoder.run(batch, x, 0, encoder1Layers, false);
    if (s < scales - 1) {
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
    if (depth != WorkKinds.Depth.SELECTION) {
      encoder.run(batch, x, encoder1Layers, layers, depth == WorkKinds.Depth.ALL_ROWS);
      predict(batch.requests());
    }
  }

  /** The second half of the encoder over the tokens of all scales at once. */
  private void enqueueFinalPass(boolean allRows) {
    tables.all.toDevice();
    encodeAll(allRows);
    tables.answers.toHost();
    tables.masks.toHost();
  }

  /** The same from tables that the device has, with results that stay there. */
  void encodeAll(boolean allRows) {
    RaggedBatch batch = tables.finalBatch;
    encoder.run(batch, work.x, tables.finalRows, work.finalX, encoder1Layers, layers, allRows);
    predict(batch.requests());
  }

  /**
   * The box of the object that each of the last scale's patches belongs to, and how likely the
   * patch is one of the object that is asked for. Its arrays are those of work that is done.
   *
   * @param x the tokens after the last layer
   */
  private void enqueueCandidates(Tensor x) {
    int patches = tables.scaleBatch.launchPatches();
    tables.scale.toDevice();
    backend.residualLayerNorm(
        patches,
        x,
        tables.patchTokenRows,
        null,
        null,
        weights.finalNorm.weight(),
        weights.finalNorm.bias(),
        (float) config.layerNormEps(),
        work.patchEmbeddings);
    boxes(work.patchEmbeddings, patches, work.residual, work.finalX, work.candidateBoxes);
    backend.linear(
        work.patchEmbeddings,
        patches,
        weights.candidateHead,
        Activation.SIGMOID,
        work.candidateScores);
    tables.candidates.toHost();
  }

  private void compact(int s) {
    backend.compactPatches(
        tables.grids[s],
        tables.scaleBatch.requests(),
        tables.mask,
        work.indices,
        tables.selectedCounts[s]);
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
    boxes(work.regNorm, requests, work.boxHidden1, work.boxHidden2, work.box);
    if (weights.scoreHead != null) {
      backend.linear(work.regNorm, requests, weights.scoreHead, Activation.SIGMOID, work.score);
    }
  }

  /** The box head on normalised tokens. */
  private void boxes(Tensor tokens, int rows, Tensor hidden1, Tensor hidden2, Tensor to) {
    backend.linear(tokens, rows, weights.boxHead.get(0), Activation.RELU, hidden1);
    backend.linear(hidden1, rows, weights.boxHead.get(1), Activation.RELU, hidden2);
    backend.linear(hidden2, rows, weights.boxHead.get(2), Activation.SIGMOID, to);
  }
}
