package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.GridTable;
import org.scanformer.internal.backend.Table;
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
  private final DeviceWork device;
  private final DeviceState state;
  private final int scales;
  private final int layers;

  /** A window that moves over the images' pyramids, so that a call makes none. */
  private final Tensor canvasWindow;

  /** Where each scale's masks and indices begin. */
  private final long[] firstMask;

  /** Nanoseconds, from any origin. */
  private final LongSupplier clock;

  private final CostModel costs;

  /** The row of each request's last [REG] token in the pass over all tokens. */
  private final int[] finalReg;

  /** Requests of the batch. */
  private int requests;

  ScaleLoop(
      ModelConfig config,
      Backend backend,
      Weights weights,
      Workspace work,
      DeviceState state,
      LongSupplier clock) {
    this.state = state;
    this.clock = clock;
    this.costs = new CostModel(DeviceWork.KINDS, Math.toIntExact(work.finalX.rows()));
    this.config = config;
    this.backend = backend;
    this.weights = weights;
    this.work = work;
    this.tables = work.tables;
    this.device = new DeviceWork(config, backend, weights, work);
    this.scales = config.numScales();
    this.layers = config.numHiddenLayers();
    this.canvasWindow = work.canvas.window("an image's pyramid");
    this.finalReg = new int[work.maxBatch];
    this.firstMask = new long[scales];
    long masks = 0;
    for (int s = 0; s < scales; s++) {
      firstMask[s] = masks;
      masks += (long) work.maxBatch * work.maxPatches[s];
    }
    // Every patch of the coarsest scale is looked at, in every call.
    ByteBuffer mask = tables.mask.host();
    for (int i = 0; i < work.maxBatch * work.maxPatches[0]; i++) {
      mask.put(i, (byte) 1);
    }
    tables.masks.toDevice();
    backend.synchronize();
  }

  /** Encodes a text of its own through all layers, into memory that the caller owns. */
  TextKv encodeText(int[] ids) {
    state.requireDevice();
    final long start = clock.getAsLong();
    TextKv text =
        TextKv.allocate(backend, config.numAttentionHeads(), config.headSize(), layers, ids.length);
    try {
      Pass pass = tables.scalePass;
      pass.clear();
      tables.segments.resize(1);
      tables.segments.set(0, text.address(), text.layerStride(), ids.length);
      int row = pass.addSegment(text.address(), text.layerStride(), ids.length, 0, 0, 0);
      putText(ids, 0, row);
      setText(ids.length);
      device.rows = backend.passRows(pass.rows());
      device.runText();
      // The pass's tables are filled again by the next call.
      backend.synchronize();
      state.metrics.textEncoded(ids.length, clock.getAsLong() - start);
      return text;
    } catch (RuntimeException e) {
      settle(e);
      text.free(backend);
      throw e;
    }
  }

  /** Runs one batch of at most the workspace's maximum; what comes out replaces the outcome. */
  void run(Item[] items, int count, Controls controls, Outcome out) {
    state.requireDevice();
    CallEvent event = CallEvent.start();
    try {
      requests = count;
      device.requests = count;
      scan(items, controls, out);
      state.metrics.callDone(count, out.completedScales, out.deadlineMet, out.totalNanos);
      if (event != null) {
        event.requests = count;
        event.schedule = controls.schedule.name();
        event.completedScales = out.completedScales;
        event.deadlineMet = out.deadlineMet;
        event.commit();
      }
    } catch (RuntimeException e) {
      settle(e);
      throw e;
    }
  }

  /** Waits for what a failed call has enqueued: its tables are filled again by the next. */
  private void settle(RuntimeException failure) {
    state.failed(failure);
    try {
      backend.synchronize();
    } catch (ScanFormerException e) {
      failure.addSuppressed(e);
      state.failed(e);
    }
  }

  private void scan(Item[] items, Controls controls, Outcome out) {
    final long start = clock.getAsLong();
    out.clear();
    final boolean perScale = controls.schedule == Schedule.PER_SCALE;
    device.perScale = perScale;
    tables.kv.clear();
    tables.segments.resize(requests * segmentsPerRequest());
    tables.finalPass.clear();
    int maxPatches = Math.min(controls.maxPatches, work.limits.maxPatches());
    placeGrids(items, maxPatches);
    placeMasks(items, maxPatches);
    buildPyramids(items);
    out.pyramidNanos = clock.getAsLong() - start;

    int last = scales - 1;
    boolean more = true;
    for (int s = 0; more; s++) {
      runScale(items, s, controls, out);
      more = s < last && !mayStop(s, controls, out) && fits(s + 1, controls);
      if (perScale && s < last && !more) {
        // The finest scale brings the masks along.
        tables.masks.toHost();
        backend.synchronize();
      }
    }
    if (!perScale) {
      runFinalPass(controls, out);
    }
    long end = clock.getAsLong();
    out.totalNanos = end - start;
    out.deadlineMet = controls.deadline == Controls.NONE || end - controls.deadline <= 0;
  }

  private void runScale(Item[] items, int s, Controls controls, Outcome out) {
    final long start = clock.getAsLong();
    final ScaleEvent event = ScaleEvent.start();
    boolean isLast = s == scales - 1;
    boolean perScale = device.perScale;
    int kind = device.kind(s);
    pack(items, s);
    for (int r = 0; r < requests; r++) {
      out.selected[s][r] = tables.grids[s].selected(r);
    }
    device.runScale(s);
    if (!isLast || perScale) {
      backend.synchronize();
    }
    if (!isLast) {
      traceLogits(s, controls.trace);
    }
    out.completedScales = s + 1;
    if (perScale) {
      readBoxes(s, out);
      traceReg(s, controls.trace);
      if (controls.listener != null) {
        controls.listener.onBox(s);
      }
    }
    out.scaleNanos[s] = clock.getAsLong() - start;
    costs.learn(kind, device.rows, out.scaleNanos[s]);
    state.metrics.scaleDone(s, device.patches, device.rows, out.scaleNanos[s]);
    commit(event, s);
  }

  private void runFinalPass(Controls controls, Outcome out) {
    final long start = clock.getAsLong();
    final ScaleEvent event = ScaleEvent.start();
    int s = out.last();
    device.patches = 0;
    Pass pass = tables.finalPass;
    for (int r = 0; r < requests; r++) {
      pass.addReg(finalReg[r], segment(r, 0), segment(r, s + 1));
    }
    device.rows = backend.passRows(pass.rows());
    fill(tables.finalRows, pass.rows(), device.rows, 0);
    device.runFinalPass();
    backend.synchronize();
    readBoxes(s, out);
    traceReg(s, controls.trace);
    if (controls.listener != null) {
      controls.listener.onBox(s);
    }
    out.finalNanos = clock.getAsLong() - start;
    costs.learn(DeviceWork.FINAL_PASS, device.rows, out.finalNanos);
    state.metrics.scaleDone(-1, 0, device.rows, out.finalNanos);
    commit(event, -1);
  }

  private void commit(ScaleEvent event, int scale) {
    if (event != null) {
      event.scale = scale;
      event.patches = device.patches;
      event.rows = device.rows;
      event.commit();
    }
  }

  /** Whether the boxes so far are good enough for the caller. */
  private boolean mayStop(int s, Controls controls, Outcome out) {
    if (!device.perScale) {
      return false;
    }
    return !Float.isNaN(controls.stopAtScore) && out.scores(s, requests, controls.stopAtScore)
        || !Float.isNaN(controls.stopAtAgreement)
            && s > 0
            && out.agrees(s, requests, controls.stopAtAgreement);
  }

  /** Whether a scale, with what must follow it, can be expected to end before the deadline. */
  private boolean fits(int s, Controls controls) {
    if (controls.deadline == Controls.NONE) {
      return true;
    }
    int tokens = 0;
    for (int r = 0; r < requests; r++) {
      int selected = tables.selectedCounts.host().getInt(r * Integer.BYTES);
      tokens += 1 + selected + (selected < tables.grids[s].total(r) ? 1 : 0);
    }
    double cost = costs.predict(device.kind(s), backend.passRows(tokens));
    if (!device.perScale) {
      cost +=
          costs.predict(DeviceWork.FINAL_PASS, backend.passRows(tables.finalPass.rows() + tokens));
    }
    return clock.getAsLong() + (long) cost - controls.deadline <= 0;
  }

  /** Fills the entries from begin to end (exclusive), which rounding has added. */
  private static void fill(Table table, int begin, int end, int value) {
    for (int i = begin; i < end; i++) {
      table.host().putInt(i * Integer.BYTES, value);
    }
  }

  private int segmentsPerRequest() {
    return scales + 1;
  }

  /** A request's text is its segment 0, scale s its segment s + 1. */
  private int segment(int request, int index) {
    return request * segmentsPerRequest() + index;
  }

  // ---- Image pyramid ----

  private void placeGrids(Item[] items, int maxPatches) {
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    for (int r = 0; r < requests; r++) {
      Item item = items[r];
      ModelConfig.Grid coarse = item.coarseGrid();
      long canvas = (long) imageSlot(items, r) * work.canvasElements;
      for (int s = 0; s < scales; s++) {
        int rows = coarse.rows() << s;
        int cols = coarse.cols() << s;
        GridTable grid = tables.grids[s];
        grid.setGrid(r, s, rows, cols, canvas, firstMask[s] + (long) r * work.maxPatches[s]);
        grid.setRule(
            r, logitBound(item.selection()), Math.min(maxPatches, maxSelected(item.selection())));
        canvas += (long) rows * cols * patchElements;
      }
    }
  }

  /** Requests for the same image share the pyramid of the first of them. */
  private static int imageSlot(Item[] items, int request) {
    Image image = items[request].image();
    int slot = 0;
    while (items[slot].image() != image) {
      slot++;
    }
    return slot;
  }

  private void buildPyramids(Item[] items) {
    for (int r = 0; r < requests; r++) {
      if (imageSlot(items, r) == r) {
        backend.buildPyramid(
            items[r].pixels(),
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

  /** Takes the masks that the caller gives out of the selection's hands. */
  private void placeMasks(Item[] items, int maxPatches) {
    boolean given = false;
    for (int r = 0; r < requests; r++) {
      SelectionPolicy policy = items[r].selection();
      tables.grids[0].setGiven(r);
      for (int s = 1; s < scales; s++) {
        GridTable grids = tables.grids[s];
        if (policy instanceof SelectionPolicy.Masks masks) {
          putMask(masks.masks().get(s).toBytes(), grids, r);
          given = true;
        } else if (policy instanceof SelectionPolicy.All && grids.total(r) <= maxPatches) {
          // Even a logit that is not a number or minus infinity is selected.
          byte[] ones = new byte[grids.total(r)];
          Arrays.fill(ones, (byte) 1);
          putMask(ones, grids, r);
          given = true;
        }
      }
    }
    if (given) {
      tables.masks.toDevice();
    }
  }

  private void putMask(byte[] mask, GridTable grids, int request) {
    tables.mask.host().put(Math.toIntExact(grids.mask(request)), mask);
    grids.setGiven(request);
  }

  /** Patches down of a request's grid in the last run. */
  int gridRows(int scale, int request) {
    return tables.grids[scale].rows(request);
  }

  /** Patches across. */
  int gridCols(int scale, int request) {
    return tables.grids[scale].cols(request);
  }

  /** Patches of the whole grid. */
  int maskSize(int scale, int request) {
    return tables.grids[scale].total(request);
  }

  /** Copies a byte a patch, 1 for each that was looked at in the last run. */
  void readMask(int scale, int request, byte[] to) {
    int from = Math.toIntExact(tables.grids[scale].mask(request));
    tables.mask.host().get(from, to, 0, maskSize(scale, request));
  }

  private void traceLogits(int s, Trace trace) {
    if (trace != null) {
      int row = 0;
      for (int r = 0; r < requests; r++) {
        int selected = tables.grids[s].selected(r);
        trace.logits(r, s, download(work.logits, row, selected));
        row += selected;
      }
    }
  }

  // ---- Tokens ----

  /** Fills the tables of a scale and, with scale 0, of the texts that are not encoded yet. */
  private void pack(Item[] items, int s) {
    GridTable grids = tables.grids[s];
    Pass pass = tables.scalePass;
    pass.clear();
    int gathered = 0;
    int text = 0;
    for (int r = 0; r < requests; r++) {
      if (s == 0) {
        text += addText(items[r], r, text);
      }
      int selected =
          s == 0 ? grids.total(r) : tables.selectedCounts.host().getInt(r * Integer.BYTES);
      grids.setRows(r, selected, gathered, pass.rows());
      int tokens = grids.tokens(r);
      int discarded = grids.total(r) - selected;
      long address = tables.kv.allocate(tokens);
      long stride = tables.kv.layerStride();
      int first = segment(r, 0);
      int own = segment(r, s + 1);
      tables.segments.set(own, address, stride, tokens);
      int row = pass.addSegment(address, stride, tokens, discarded, first, own);
      pass.addReg(row, first, own);
      int finalRow = addToFinalPass(address, tokens, discarded, first, own, s, row);
      finalReg[r] = finalRow;
      if (s < scales - 1) {
        for (int i = 0; i < selected; i++) {
          tables.patchTokenRows.host().putInt((gathered + i) * Integer.BYTES, row + 1 + i);
        }
      }
      gathered += selected;
    }
    setText(text);
    device.rows = backend.passRows(pass.rows());
    device.patches = backend.passRows(gathered);
    if (s < scales - 1) {
      fill(tables.patchTokenRows, gathered, device.patches, 0);
    }
  }

  /** Adds a segment of a scale's pass, from its row there, to the pass over all tokens. */
  private int addToFinalPass(
      long address, int tokens, int discarded, int firstSegment, int own, int s, int row) {
    long stride = tables.kv.layerStride();
    int finalRow =
        tables.finalPass.addSegment(address, stride, tokens, discarded, firstSegment, own);
    for (int i = 0; i < tokens; i++) {
      int at = (finalRow + i) * Integer.BYTES;
      tables.finalRows.host().putInt(at, work.firstRow[s] + row + i);
    }
    return finalRow;
  }

  /**
   * Adds a request's text to the pass, or what is encoded of it to the segments alone; the tokens
   * to embed.
   */
  private int addText(Item item, int request, int firstToken) {
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
    addToFinalPass(address, tokens, 0, own, own, 0, row);
    putText(item.ids(), firstToken, row);
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

  /** Sets the number of text tokens; those that rounding adds repeat the last one. */
  private void setText(int tokens) {
    int rounded = backend.passRows(tokens);
    device.textTokens = rounded;
    if (tokens > 0) {
      int last = (tokens - 1) * Integer.BYTES;
      fill(tables.textIds, tokens, rounded, tables.textIds.host().getInt(last));
      fill(tables.textPositions, tokens, rounded, tables.textPositions.host().getInt(last));
      fill(tables.textRows, tokens, rounded, tables.textRows.host().getInt(last));
    }
  }

  // ---- Heads ----

  private void readBoxes(int s, Outcome out) {
    for (int i = 0; i < 4 * requests; i++) {
      out.boxes[s][i] = finite(tables.boxes.host().getFloat(i * Float.BYTES));
    }
    for (int r = 0; r < requests; r++) {
      out.scores[s][r] =
          weights.scoreHead == null ? Float.NaN : tables.scores.host().getFloat(r * Float.BYTES);
    }
    out.hasBox[s] = true;
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

  private void traceReg(int s, Trace trace) {
    if (trace != null) {
      for (int r = 0; r < requests; r++) {
        trace.reg(r, s, download(work.regNorm, r, 1));
      }
    }
  }

  private float[] download(Tensor tensor, int row, int rows) {
    float[] values = new float[rows * tensor.columns()];
    FloatBuffer host =
        ByteBuffer.allocateDirect(values.length * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    backend.download(tensor, (long) row * tensor.columns(), host);
    host.get(values);
    return values;
  }
}
