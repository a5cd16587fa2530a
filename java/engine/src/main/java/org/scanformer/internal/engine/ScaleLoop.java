package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Timings;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * The scan from coarse to fine (Su, Miao, Dou, Li, CVPR 2024): at each scale the selected patches
 * alone are encoded, all discarded ones as one constant token whose count weight stands for their
 * number; the first half of the encoder selects the next scale's patches, the second half gives the
 * box. Not safe for use by several threads.
 */
final class ScaleLoop {
  private final ModelConfig config;
  private final Backend backend;
  private final Weights weights;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final Encoder encoder;
  private final int scales;
  private final int encoder1Layers;
  private final int layers;

  /** Windows that move over their arrays, so that a call makes none. */
  private final Tensor xWindow;

  private final Tensor canvasWindow;

  private final ByteBuffer maskHost;
  private final FloatBuffer boxHost;
  private final FloatBuffer scoreHost;

  ScaleLoop(ModelConfig config, Backend backend, Weights weights, Workspace work) {
    this.config = config;
    this.backend = backend;
    this.weights = weights;
    this.work = work;
    this.tables = work.tables();
    this.encoder = new Encoder(config, backend, weights, work);
    this.scales = config.numScales();
    this.encoder1Layers = config.encoder1Layers();
    this.layers = config.numHiddenLayers();
    this.xWindow = work.x.window("tokens of a pass");
    this.canvasWindow = work.canvas.window("an image's pyramid");
    this.maskHost = ByteBuffer.allocateDirect(work.maxPatches[scales - 1]);
    this.boxHost = directFloats(4 * work.maxBatch);
    this.scoreHost = directFloats(work.maxBatch);
  }

  private static FloatBuffer directFloats(int elements) {
    return ByteBuffer.allocateDirect(elements * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Encodes a text of its own through all layers, into memory that the caller owns. */
  TextKv encodeText(int[] ids) {
    TextKv text =
        TextKv.allocate(backend, config.numAttentionHeads(), config.headSize(), layers, ids.length);
    try {
      Pass pass = tables.scalePass;
      pass.clear();
      tables.segments.resize(1);
      tables.segments.set(0, text.address(), text.layerStride(), ids.length);
      int row = pass.addSegment(text.address(), text.layerStride(), ids.length, 0, 0, 0);
      putText(ids, 0, row);
      pass.toDevice();
      tables.segments.table().toDevice();
      embedText(ids.length, xWindow.moveTo(0));
      encoder.run(pass, xWindow, 0, layers);
      // The pass's tables are filled again by the next call.
      backend.synchronize();
      return text;
    } catch (RuntimeException e) {
      text.free(backend);
      throw e;
    }
  }

  /** Runs one batch of at most the workspace's maximum. */
  List<Location> run(List<Item> items, Schedule schedule, Trace trace) {
    final long start = System.nanoTime();
    int count = items.size();
    tables.kv.clear();
    tables.segments.resize(count * segmentsPerRequest());
    tables.finalPass.clear();
    placeGrids(items);
    buildPyramids(items);
    final long pyramidNanos = System.nanoTime() - start;

    boolean perScale = schedule == Schedule.PER_SCALE;
    PatchMask[][] masks = new PatchMask[scales][];
    NormalizedBox[][] boxes = new NormalizedBox[scales][];
    float[][] scores = new float[scales][];
    long[] scaleNanos = new long[scales];
    int firstRow = 0;
    for (int s = 0; s < scales; s++) {
      long scaleStart = System.nanoTime();
      select(items, s);
      masks[s] = readMasks(count, s);
      Tensor x = xWindow.moveTo(perScale ? 0 : firstRow);
      Pass pass = embed(items, s, firstRow, x);
      firstRow += pass.rows();
      encoder.run(pass, x, 0, encoder1Layers);
      if (s < scales - 1) {
        selectionLogits(count, s, x, trace);
      }
      if (perScale) {
        encoder.run(pass, x, encoder1Layers, layers);
        boxes[s] = readBoxes(count);
        scores[s] = readScores(count);
        traceReg(count, s, trace);
      }
      scaleNanos[s] = System.nanoTime() - scaleStart;
    }
    long finalNanos = 0;
    if (!perScale) {
      long finalStart = System.nanoTime();
      tables.finalPass.toDevice();
      encoder.run(tables.finalPass, xWindow.moveTo(0), encoder1Layers, layers);
      boxes[scales - 1] = readBoxes(count);
      scores[scales - 1] = readScores(count);
      traceReg(count, scales - 1, trace);
      finalNanos = System.nanoTime() - finalStart;
    }
    Timings timings = new Timings(pyramidNanos, finalNanos, System.nanoTime() - start);
    return results(items, schedule, masks, boxes, scores, scaleNanos, timings);
  }

  private int segmentsPerRequest() {
    return scales + 1;
  }

  /** A request's text is its segment 0, scale s its segment s + 1. */
  private int segment(int request, int index) {
    return request * segmentsPerRequest() + index;
  }

  // ---- Image pyramid ----

  private void placeGrids(List<Item> items) {
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    for (int r = 0; r < items.size(); r++) {
      Item item = items.get(r);
      Image image = item.image();
      ModelConfig.Grid coarse = config.coarseGrid(image.width(), image.height());
      long canvas = (long) imageSlot(items, r) * work.canvasElements;
      for (int s = 0; s < scales; s++) {
        int rows = coarse.rows() << s;
        int cols = coarse.cols() << s;
        GridTable grid = tables.grids[s];
        grid.setGrid(r, s, rows, cols, canvas, (long) r * work.maxPatches[s]);
        grid.setRule(r, logitBound(item.selection()), maxSelected(item.selection()));
        canvas += (long) rows * cols * patchElements;
      }
    }
  }

  /** Requests for the same image share the pyramid of the first of them. */
  private static int imageSlot(List<Item> items, int request) {
    Image image = items.get(request).image();
    int slot = 0;
    while (items.get(slot).image() != image) {
      slot++;
    }
    return slot;
  }

  private void buildPyramids(List<Item> items) {
    for (int r = 0; r < items.size(); r++) {
      if (imageSlot(items, r) == r) {
        Image image = items.get(r).image();
        backend.buildPyramid(
            image.pixels(),
            image.format(),
            image.width(),
            image.height(),
            image.rowStride(),
            config.patchSize(),
            scales,
            tables.grids[0].rows(r),
            tables.grids[0].cols(r),
            weights.imageMean,
            weights.imageStd,
            canvasWindow.moveTo(r));
      }
    }
  }

  // ---- Selection ----

  private float logitBound(SelectionPolicy policy) {
    if (policy instanceof SelectionPolicy.Threshold threshold) {
      return logit(threshold.threshold());
    }
    if (policy instanceof SelectionPolicy.TopK || policy instanceof SelectionPolicy.All) {
      return Float.NEGATIVE_INFINITY;
    }
    if (policy instanceof SelectionPolicy.None) {
      return Float.POSITIVE_INFINITY;
    }
    return logit(config.selectionThreshold());
  }

  private static float logit(double probability) {
    return (float) Math.log(probability / (1 - probability));
  }

  private static int maxSelected(SelectionPolicy policy) {
    return policy instanceof SelectionPolicy.TopK top ? top.k() : Integer.MAX_VALUE;
  }

  /** Decides the patches of a scale and counts them. */
  private void select(List<Item> items, int s) {
    int count = items.size();
    GridTable grids = tables.grids[s];
    grids.table().toDevice();
    if (s > 0) {
      backend.selectPatches(
          tables.grids[s - 1], grids, count, work.logits, work.indices[s - 1], work.mask[s]);
    }
    for (int r = 0; r < count; r++) {
      if (s == 0) {
        uploadMask(PatchMask.all(grids.rows(r), grids.cols(r)), s, grids.mask(r));
      } else if (items.get(r).selection() instanceof SelectionPolicy.Masks given) {
        uploadMask(given.masks().get(s), s, grids.mask(r));
      } else if (items.get(r).selection() instanceof SelectionPolicy.All) {
        // Even a logit that is not a number or minus infinity is selected.
        uploadMask(PatchMask.all(grids.rows(r), grids.cols(r)), s, grids.mask(r));
      }
    }
    backend.compactPatches(grids, count, work.mask[s], work.indices[s], tables.selectedCounts[s]);
    tables.selectedCounts[s].toHost();
  }

  private void uploadMask(PatchMask mask, int s, long offset) {
    maskHost.clear().put(mask.toBytes()).flip();
    backend.upload(work.mask[s], offset, maskHost);
  }

  private PatchMask[] readMasks(int count, int s) {
    PatchMask[] masks = new PatchMask[count];
    for (int r = 0; r < count; r++) {
      GridTable grids = tables.grids[s];
      byte[] bytes = new byte[grids.total(r)];
      maskHost.clear().limit(bytes.length);
      backend.download(work.mask[s], grids.mask(r), maskHost);
      maskHost.get(bytes);
      masks[r] = PatchMask.of(grids.rows(r), grids.cols(r), bytes);
    }
    return masks;
  }

  /** out_proj(gelu(dense(LN(h)))) of every selected patch of a scale. */
  private void selectionLogits(int count, int s, Tensor x, Trace trace) {
    GridTable grids = tables.grids[s];
    ByteBuffer rows = tables.patchTokenRows.host();
    int patches = 0;
    for (int r = 0; r < count; r++) {
      for (int i = 0; i < grids.selected(r); i++) {
        rows.putInt(patches++ * Integer.BYTES, grids.tokenRow(r) + 1 + i);
      }
    }
    tables.patchTokenRows.toDevice();
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
    if (trace != null) {
      int row = 0;
      for (int r = 0; r < count; r++) {
        trace.logits(r, s, download(work.logits, row, grids.selected(r)));
        row += grids.selected(r);
      }
    }
  }

  // ---- Tokens ----

  /**
   * Packs and embeds the segments of a scale, and, with scale 0, the texts that are not encoded
   * yet.
   *
   * @param firstRow the pass's first row among all tokens of the batch
   */
  private Pass embed(List<Item> items, int s, int firstRow, Tensor x) {
    GridTable grids = tables.grids[s];
    IntBuffer counts = tables.selectedCounts[s].host().asIntBuffer();
    Pass pass = tables.scalePass;
    pass.clear();
    int patches = 0;
    int textTokens = 0;
    for (int r = 0; r < items.size(); r++) {
      Item item = items.get(r);
      if (s == 0) {
        textTokens += addText(item, r, textTokens);
      }
      int selected = counts.get(r);
      grids.setRows(r, selected, patches, pass.rows());
      int tokens = grids.tokens(r);
      int discarded = grids.total(r) - selected;
      long address = tables.kv.allocate(tokens);
      long stride = tables.kv.layerStride();
      int first = segment(r, 0);
      int own = segment(r, s + 1);
      tables.segments.set(own, address, stride, tokens);
      int row = pass.addSegment(address, stride, tokens, discarded, first, own);
      pass.addReg(row, first, own);
      tables.finalPass.addSegment(address, stride, tokens, discarded, first, own);
      if (s == scales - 1) {
        tables.finalPass.addReg(firstRow + row, first, own);
      }
      patches += selected;
    }
    grids.table().toDevice();
    tables.segments.table().toDevice();
    pass.toDevice();
    if (textTokens > 0) {
      embedText(textTokens, x);
    }
    backend.gatherPatches(
        grids,
        items.size(),
        patches,
        config.patchSize(),
        work.canvas,
        work.indices[s],
        work.patchRows);
    backend.linear(
        work.patchRows,
        patches,
        weights.patchProjection,
        Activation.IDENTITY,
        work.patchEmbeddings);
    backend.embedPatches(
        grids,
        items.size(),
        patches,
        work.patchEmbeddings,
        work.indices[s],
        weights.clsToken,
        weights.imagePositions,
        config.positionGrid(),
        weights.imageModality,
        weights.scaleEmbeddings,
        weights.constantToken,
        x);
    return pass;
  }

  /**
   * Adds a request's text to the pass, or what is encoded of it to the segments alone; the tokens
   * to embed.
   */
  private int addText(Item item, int request, int textTokens) {
    int own = segment(request, 0);
    if (item.text() != null) {
      TextKv text = item.text();
      tables.segments.set(own, text.address(), text.layerStride(), text.tokens());
      return 0;
    }
    int tokens = item.ids().length;
    long address = tables.kv.allocate(tokens);
    long stride = tables.kv.layerStride();
    tables.segments.set(own, address, stride, tokens);
    int row = tables.scalePass.addSegment(address, stride, tokens, 0, own, own);
    tables.finalPass.addSegment(address, stride, tokens, 0, own, own);
    putText(item.ids(), textTokens, row);
    return tokens;
  }

  private void putText(int[] ids, int firstToken, int firstRow) {
    for (int i = 0; i < ids.length; i++) {
      int at = (firstToken + i) * Integer.BYTES;
      tables.textIds.host().putInt(at, ids[i]);
      tables.textPositions.host().putInt(at, i);
      tables.textRows.host().putInt(at, firstRow + i);
    }
  }

  private void embedText(int tokens, Tensor x) {
    tables.textIds.toDevice();
    tables.textPositions.toDevice();
    tables.textRows.toDevice();
    backend.embedText(
        tokens,
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

  // ---- Heads ----

  private NormalizedBox[] readBoxes(int count) {
    backend.linear(work.regNorm, count, weights.boxHead.get(0), Activation.RELU, work.boxHidden1);
    backend.linear(
        work.boxHidden1, count, weights.boxHead.get(1), Activation.RELU, work.boxHidden2);
    backend.linear(work.boxHidden2, count, weights.boxHead.get(2), Activation.SIGMOID, work.box);
    boxHost.clear().limit(4 * count);
    backend.download(work.box, 0, boxHost);
    NormalizedBox[] boxes = new NormalizedBox[count];
    for (int r = 0; r < count; r++) {
      boxes[r] =
          new NormalizedBox(
              finite(boxHost.get(4 * r)),
              finite(boxHost.get(4 * r + 1)),
              finite(boxHost.get(4 * r + 2)),
              finite(boxHost.get(4 * r + 3)));
    }
    return boxes;
  }

  private static float finite(float value) {
    if (!Float.isFinite(value)) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL,
          "The box head gave "
              + value
              + ", expected a finite number: the model's weights overflow on this input");
    }
    return value;
  }

  private float[] readScores(int count) {
    float[] scores = new float[count];
    if (weights.scoreHead == null) {
      java.util.Arrays.fill(scores, Float.NaN);
      return scores;
    }
    backend.linear(work.regNorm, count, weights.scoreHead, Activation.SIGMOID, work.score);
    scoreHost.clear().limit(count);
    backend.download(work.score, 0, scoreHost);
    scoreHost.get(scores);
    return scores;
  }

  private void traceReg(int count, int s, Trace trace) {
    if (trace != null) {
      for (int r = 0; r < count; r++) {
        trace.reg(r, s, download(work.regNorm, r, 1));
      }
    }
  }

  private float[] download(Tensor tensor, int row, int rows) {
    float[] values = new float[rows * tensor.columns()];
    FloatBuffer host = directFloats(values.length);
    backend.download(tensor, (long) row * tensor.columns(), host);
    host.get(values);
    return values;
  }

  private List<Location> results(
      List<Item> items,
      Schedule schedule,
      PatchMask[][] masks,
      NormalizedBox[][] boxes,
      float[][] scores,
      long[] scaleNanos,
      Timings timings) {
    List<Location> locations = new ArrayList<>(items.size());
    for (int r = 0; r < items.size(); r++) {
      List<ScaleResult> perScale = new ArrayList<>(scales);
      for (int s = 0; s < scales; s++) {
        NormalizedBox box = boxes[s] == null ? null : boxes[s][r];
        float score = scores[s] == null ? Float.NaN : scores[s][r];
        perScale.add(new ScaleResult(s, masks[s][r], box, score, scaleNanos[s]));
      }
      Image image = items.get(r).image();
      NormalizedBox answer = boxes[scales - 1][r];
      locations.add(
          new Location(
              answer.toPixels(image.width(), image.height()),
              answer,
              scores[scales - 1][r],
              schedule,
              backend.kind(),
              backend.precision(),
              perScale,
              timings));
    }
    return locations;
  }
}
