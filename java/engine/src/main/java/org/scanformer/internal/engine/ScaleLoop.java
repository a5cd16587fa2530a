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
  private final ForwardPass forward;
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
    this.costs = new CostModel(ForwardPass.KINDS, Math.toIntExact(work.finalX.rows()));
    this.config = config;
    this.backend = backend;
    this.weights = weights;
    this.work = work;
    this.tables = work.tables;
    this.forward = new ForwardPass(config, backend, weights, work);
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
      RaggedBatch batch = tables.scaleBatch;
      batch.begin(0);
      tables.segments.resize(1);
      tables.segments.set(0, text.address(), text.layerStride(), ids.length);
      int row = batch.addSegment(text.address(), text.layerStride(), ids.length, 0, 0, 0);
      putText(ids, 0, row);
      batch.addTextTokens(ids.length);
      padText(batch);
      forward.runText();
      // The batch's tables are filled again by the next call.
      backend.synchronize();
      state.metrics.textEncoded(ids.length, clock.getAsLong() - start);
      return text;
    } catch (RuntimeException e) {
      settle(e);
      text.free(backend);
      throw e;
    }
  }

  /** Runs one batch of at most the workspace's maximum; what comes result replaces the result. */
  void run(BatchSlot[] slots, int count, RunOptions runOptions, RunResult result) {
    state.requireDevice();
    CallEvent event = CallEvent.start();
    try {
      requests = count;
      scan(slots, runOptions, result);
      state.metrics.callDone(count, result.completedScales, result.deadlineMet, result.totalNanos);
      if (event != null) {
        event.requests = count;
        event.schedule = runOptions.schedule.name();
        event.completedScales = result.completedScales;
        event.deadlineMet = result.deadlineMet;
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

  private void scan(BatchSlot[] slots, RunOptions runOptions, RunResult result) {
    final long start = clock.getAsLong();
    result.clear();
    final boolean perScale = runOptions.schedule == Schedule.PER_SCALE;
    tables.kv.clear();
    tables.segments.resize(requests * segmentsPerRequest());
    tables.finalBatch.begin(requests);
    int maxPatches = Math.min(runOptions.maxPatches, work.limits.maxPatches());
    placeGrids(slots, maxPatches);
    placeMasks(slots, maxPatches);
    buildPyramids(slots);
    result.pyramidNanos = clock.getAsLong() - start;

    int last = scales - 1;
    boolean more = true;
    for (int s = 0; more; s++) {
      runScale(slots, s, runOptions, result);
      more = s < last && !mayStop(s, runOptions, result) && fits(s + 1, runOptions);
      if (perScale && s < last && !more) {
        // The finest scale brings the masks along.
        tables.masks.toHost();
        backend.synchronize();
      }
    }
    if (!perScale) {
      runFinalPass(runOptions, result);
    }
    long end = clock.getAsLong();
    result.totalNanos = end - start;
    result.deadlineMet = runOptions.deadline == RunOptions.NONE || end - runOptions.deadline <= 0;
  }

  private void runScale(BatchSlot[] slots, int s, RunOptions runOptions, RunResult result) {
    final long start = clock.getAsLong();
    final ScaleEvent event = ScaleEvent.start();
    boolean isLast = s == scales - 1;
    boolean perScale = runOptions.schedule == Schedule.PER_SCALE;
    int kind = ForwardPass.kind(s, perScale);
    RaggedBatch batch = tables.scaleBatch;
    pack(slots, s);
    for (int r = 0; r < requests; r++) {
      result.selected[s][r] = tables.grids[s].selected(r);
    }
    forward.runScale(s, perScale);
    if (!isLast || perScale) {
      backend.synchronize();
    }
    if (!isLast) {
      traceLogits(s, runOptions.trace);
    }
    result.completedScales = s + 1;
    if (perScale) {
      readBoxes(s, result);
      traceReg(s, runOptions.trace);
      if (runOptions.listener != null) {
        runOptions.listener.onBox(s);
      }
    }
    result.scaleNanos[s] = clock.getAsLong() - start;
    costs.learn(kind, batch.launchRows(), result.scaleNanos[s]);
    state.metrics.scaleDone(s, batch.launchPatches(), batch.launchRows(), result.scaleNanos[s]);
    commit(event, s, batch);
  }

  private void runFinalPass(RunOptions runOptions, RunResult result) {
    final long start = clock.getAsLong();
    final ScaleEvent event = ScaleEvent.start();
    int s = result.last();
    RaggedBatch batch = tables.finalBatch;
    for (int r = 0; r < requests; r++) {
      batch.addReg(finalReg[r], segment(r, 0), segment(r, s + 1));
    }
    fill(tables.finalRows, batch.rows(), batch.launchRows(), 0);
    forward.runFinalPass();
    backend.synchronize();
    readBoxes(s, result);
    traceReg(s, runOptions.trace);
    if (runOptions.listener != null) {
      runOptions.listener.onBox(s);
    }
    result.finalNanos = clock.getAsLong() - start;
    costs.learn(ForwardPass.FINAL_PASS, batch.launchRows(), result.finalNanos);
    state.metrics.scaleDone(-1, 0, batch.launchRows(), result.finalNanos);
    commit(event, -1, batch);
  }

  private void commit(ScaleEvent event, int scale, RaggedBatch batch) {
    if (event != null) {
      event.scale = scale;
      event.patches = batch.launchPatches();
      event.rows = batch.launchRows();
      event.commit();
    }
  }

  /** Whether the boxes so far are good enough for the caller. */
  private boolean mayStop(int s, RunOptions runOptions, RunResult result) {
    if (runOptions.schedule != Schedule.PER_SCALE) {
      return false;
    }
    return !Float.isNaN(runOptions.stopAtScore)
            && result.scores(s, requests, runOptions.stopAtScore)
        || !Float.isNaN(runOptions.stopAtAgreement)
            && s > 0
            && result.agrees(s, requests, runOptions.stopAtAgreement);
  }

  /** Whether a scale, with what must follow it, can be expected to end before the deadline. */
  private boolean fits(int s, RunOptions runOptions) {
    if (runOptions.deadline == RunOptions.NONE) {
      return true;
    }
    int tokens = 0;
    for (int r = 0; r < requests; r++) {
      int selected = tables.selectedCounts.host().getInt(r * Integer.BYTES);
      tokens += 1 + selected + (selected < tables.grids[s].total(r) ? 1 : 0);
    }
    double cost =
        costs.predict(
            ForwardPass.kind(s, runOptions.schedule == Schedule.PER_SCALE),
            backend.passRows(tokens));
    if (runOptions.schedule != Schedule.PER_SCALE) {
      cost +=
          costs.predict(
              ForwardPass.FINAL_PASS, backend.passRows(tables.finalBatch.rows() + tokens));
    }
    return clock.getAsLong() + (long) cost - runOptions.deadline <= 0;
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

  private void placeGrids(BatchSlot[] slots, int maxPatches) {
    int patchElements = config.numChannels() * config.patchSize() * config.patchSize();
    for (int r = 0; r < requests; r++) {
      BatchSlot slot = slots[r];
      ModelConfig.Grid coarse = slot.coarseGrid();
      long canvas = (long) imageSlot(slots, r) * work.canvasElements;
      for (int s = 0; s < scales; s++) {
        int rows = coarse.rows() << s;
        int cols = coarse.cols() << s;
        GridTable grid = tables.grids[s];
        grid.setGrid(r, s, rows, cols, canvas, firstMask[s] + (long) r * work.maxPatches[s]);
        grid.setRule(
            r, logitBound(slot.selection()), Math.min(maxPatches, maxSelected(slot.selection())));
        canvas += (long) rows * cols * patchElements;
      }
    }
  }

  /** Requests for the same image share the pyramid of the first of them. */
  private static int imageSlot(BatchSlot[] slots, int request) {
    Image image = slots[request].image();
    int slot = 0;
    while (slots[slot].image() != image) {
      slot++;
    }
    return slot;
  }

  private void buildPyramids(BatchSlot[] slots) {
    for (int r = 0; r < requests; r++) {
      if (imageSlot(slots, r) == r) {
        backend.buildPyramid(
            slots[r].pixels(),
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

  /** Takes the masks that the caller gives result of the selection's hands. */
  private void placeMasks(BatchSlot[] slots, int maxPatches) {
    boolean given = false;
    for (int r = 0; r < requests; r++) {
      SelectionPolicy policy = slots[r].selection();
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
  private void pack(BatchSlot[] slots, int s) {
    GridTable grids = tables.grids[s];
    RaggedBatch batch = tables.scaleBatch;
    batch.begin(requests);
    for (int r = 0; r < requests; r++) {
      if (s == 0) {
        addText(slots[r], r);
      }
      int selected =
          s == 0 ? grids.total(r) : tables.selectedCounts.host().getInt(r * Integer.BYTES);
      int gathered = batch.patches();
      grids.setRows(r, selected, gathered, batch.rows());
      int tokens = grids.tokens(r);
      int discarded = grids.total(r) - selected;
      long address = tables.kv.allocate(tokens);
      long stride = tables.kv.layerStride();
      int first = segment(r, 0);
      int own = segment(r, s + 1);
      tables.segments.set(own, address, stride, tokens);
      int row = batch.addSegment(address, stride, tokens, discarded, first, own);
      batch.addReg(row, first, own);
      int finalRow = addToFinalBatch(address, tokens, discarded, first, own, s, row);
      finalReg[r] = finalRow;
      if (s < scales - 1) {
        for (int i = 0; i < selected; i++) {
          tables.patchTokenRows.host().putInt((gathered + i) * Integer.BYTES, row + 1 + i);
        }
      }
      batch.addPatches(selected);
    }
    padText(batch);
    if (s < scales - 1) {
      fill(tables.patchTokenRows, batch.patches(), batch.launchPatches(), 0);
    }
  }

  /** Adds a segment of a scale's pass, from its row there, to the pass over all tokens. */
  private int addToFinalBatch(
      long address, int tokens, int discarded, int firstSegment, int own, int s, int row) {
    long stride = tables.kv.layerStride();
    int finalRow =
        tables.finalBatch.addSegment(address, stride, tokens, discarded, firstSegment, own);
    for (int i = 0; i < tokens; i++) {
      int at = (finalRow + i) * Integer.BYTES;
      tables.finalRows.host().putInt(at, work.firstRow[s] + row + i);
    }
    return finalRow;
  }

  /** Adds a request's text to the batch, or only to the segments when it is encoded already. */
  private void addText(BatchSlot slot, int request) {
    int own = segment(request, 0);
    if (slot.text() != null) {
      TextKv text = slot.text();
      tables.segments.set(own, text.address(), text.layerStride(), text.tokens());
      return;
    }
    int tokens = slot.ids().length;
    long address = tables.kv.allocate(tokens);
    long stride = tables.kv.layerStride();
    tables.segments.set(own, address, stride, tokens);
    int row = tables.scaleBatch.addSegment(address, stride, tokens, 0, own, own);
    addToFinalBatch(address, tokens, 0, own, own, 0, row);
    putText(slot.ids(), tables.scaleBatch.textTokens(), row);
    tables.scaleBatch.addTextTokens(tokens);
  }

  private void putText(int[] ids, int firstToken, int firstRow) {
    for (int i = 0; i < ids.length; i++) {
      int at = (firstToken + i) * Integer.BYTES;
      tables.textIds.host().putInt(at, ids[i]);
      tables.textPositions.host().putInt(at, i);
      tables.textRows.host().putInt(at, firstRow + i);
    }
  }

  /** Repeats the last text token in the entries that rounding adds. */
  private void padText(RaggedBatch batch) {
    int tokens = batch.textTokens();
    if (tokens > 0) {
      int last = (tokens - 1) * Integer.BYTES;
      int rounded = batch.launchTextTokens();
      fill(tables.textIds, tokens, rounded, tables.textIds.host().getInt(last));
      fill(tables.textPositions, tokens, rounded, tables.textPositions.host().getInt(last));
      fill(tables.textRows, tokens, rounded, tables.textRows.host().getInt(last));
    }
  }

  // ---- Heads ----

  private void readBoxes(int s, RunResult result) {
    for (int i = 0; i < 4 * requests; i++) {
      result.boxes[s][i] = finite(tables.boxes.host().getFloat(i * Float.BYTES));
    }
    for (int r = 0; r < requests; r++) {
      result.scores[s][r] =
          weights.scoreHead == null ? Float.NaN : tables.scores.host().getFloat(r * Float.BYTES);
    }
    result.hasBox[s] = true;
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
