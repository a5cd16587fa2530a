package org.scanformer.internal.engine;

import java.util.function.LongSupplier;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.model.ModelConfig;

/**
 * The scan from coarse to fine (Su, Miao, Dou, Li, CVPR 2024): at each scale only the selected
 * patches are encoded, and all discarded ones as one constant token whose count weight stands for
 * their number; Encoder1 selects the next scale's patches, Encoder2 gives the box. Under the
 * schedule PER_SCALE each scale goes through both before the next; under FINAL_ONLY all scales go
 * through Encoder1 one after another, and then all their tokens through Encoder2 at once. Not safe
 * for use by several threads.
 */
final class ScaleLoop {
  private final ModelConfig config;
  private final Backend backend;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final BatchPacker packer;
  private final ForwardPass forward;
  private final WorkKinds kinds;
  private final RunObserver observer;
  private final DeviceState state;

  /** Nanoseconds, from any origin. */
  private final LongSupplier clock;

  private final CostModel costs;
  private final int scales;

  /** What the host reads the scores from; null when the model has no score head. */
  private final Table scores;

  /** Null where no call is to be one recording. */
  private final WholeCall wholeCall;

  ScaleLoop(
      ModelConfig config,
      Backend backend,
      Weights weights,
      Workspace work,
      DeviceState state,
      LongSupplier clock) {
    this.config = config;
    this.backend = backend;
    this.work = work;
    this.state = state;
    this.clock = clock;
    this.tables = work.tables;
    this.packer = new BatchPacker(config, work);
    this.forward = new ForwardPass(config, backend, weights, work);
    this.observer = new RunObserver(state.metrics, backend, work);
    this.kinds = forward.kinds();
    this.costs = new CostModel(kinds.count(), Math.toIntExact(work.finalX.rows()));
    this.scales = config.numScales();
    this.scores = weights.scoreHead == null ? null : tables.scores;
    this.wholeCall = work.limits.oneGraph() ? new WholeCall(backend, work, packer, forward) : null;
    tables.masks.toDevice();
    backend.synchronize();
  }

  /** Encodes a text by itself through all layers, into memory that the caller owns. */
  TextKv encodeText(int[] ids) {
    state.requireDevice();
    final long start = clock.getAsLong();
    TextKv text = null;
    boolean done = false;
    try {
      text =
          TextKv.allocate(
              backend,
              config.numAttentionHeads(),
              config.headSize(),
              config.numHiddenLayers(),
              ids.length);
      packer.packText(ids, text);
      forward.run(kinds.text(), tables.scaleBatch);
      // The batch's tables are filled again by the next call.
      backend.synchronize();
      observer.textEncoded(ids.length, clock.getAsLong() - start);
      done = true;
      return text;
    } catch (OutOfMemoryError e) {
      throw exhausted("encoding an expression", e);
    } catch (RuntimeException | Error e) {
      fail(e);
      throw e;
    } finally {
      if (!done && text != null) {
        text.free(backend);
      }
    }
  }

  /** Runs one batch of at most the workspace's maximum, and fills the result. */
  void run(BatchSlot[] slots, int requests, RunOptions options, RunResult result) {
    state.requireDevice();
    observer.callBegins();
    try {
      scan(slots, requests, options, result);
      observer.callEnds(requests, options, result);
    } catch (OutOfMemoryError e) {
      throw exhausted("a call", e);
    } catch (RuntimeException | Error e) {
      fail(e);
      throw e;
    }
  }

  private void fail(Throwable failure) {
    settle(failure);
    state.callFailed(failure);
  }

  /** Ends a call for which the JVM has not enough memory, as its caller sees it. */
  private ScanFormerException exhausted(String what, OutOfMemoryError error) {
    // First, as what comes then takes memory too.
    settle(error);
    ScanFormerException failure = JavaMemory.exhausted(what, error);
    state.callFailed(failure);
    return failure;
  }

  /** Waits for what a failed call has enqueued: its tables are filled again by the next. */
  private void settle(Throwable failure) {
    state.recordLoss(failure);
    try {
      backend.synchronize();
    } catch (ScanFormerException e) {
      failure.addSuppressed(e);
      state.recordLoss(e);
    }
  }

  private void scan(BatchSlot[] slots, int requests, RunOptions options, RunResult result) {
    final long start = clock.getAsLong();
    result.clear();
    begin(slots, requests, options);
    forward.buildPyramids(slots, requests);
    result.pyramidNanos = clock.getAsLong() - start;

    if (!isWhole(slots, requests, options) || !runWhole(slots, options, result)) {
      runScales(slots, options, result);
    }

    long end = clock.getAsLong();
    result.totalNanos = end - start;
    result.deadlineMet = options.deadline == RunOptions.NONE || end - options.deadline <= 0;
  }

  private void runScales(BatchSlot[] slots, RunOptions options, RunResult result) {
    runScale(slots, 0, options, result);
    for (int s = 1; s < scales && goesOn(s, options, result); s++) {
      runScale(slots, s, options, result);
    }
    if (options.schedule == Schedule.FINAL_ONLY) {
      runFinalPass(options, result);
    } else if (result.completedScales < scales) {
      // The finest scale would have brought the masks along.
      tables.masks.toHost();
      backend.synchronize();
    }
    if (options.withCandidates) {
      runCandidates(slots, options, result);
    }
  }

  /** Why no call is run as a whole, or null where those are that can be. */
  String whyNoOneGraph() {
    return wholeCall == null ? "it is not asked for" : wholeCall.whyNot();
  }

  /** Whether nothing in a call needs the host between its scales. */
  private boolean isWhole(BatchSlot[] slots, int requests, RunOptions options) {
    return wholeCall != null
        && requests == 1
        && slots[0].text() != null
        && !perScale(options)
        && options.deadline == RunOptions.NONE
        && !options.withCandidates
        && options.trace == null
        && wholeCall.whyNot() == null;
  }

  /** A call whose scales the device leads; false where it does not take it, and nothing was run. */
  private boolean runWhole(BatchSlot[] slots, RunOptions options, RunResult result) {
    if (!wholeCall.run(slots)) {
      begin(slots, 1, options);
      return false;
    }
    for (int s = 0; s < scales; s++) {
      result.selected[s][0] = wholeCall.selected(s);
    }
    result.completedScales = scales;
    readBoxes(tables.finalBatch, options, result);
    return true;
  }

  private void begin(BatchSlot[] slots, int requests, RunOptions options) {
    if (packer.begin(slots, requests, Math.min(options.maxPatches, work.limits.maxPatches()))) {
      tables.masks.toDevice();
    }
  }

  private static boolean perScale(RunOptions options) {
    return options.schedule == Schedule.PER_SCALE;
  }

  /** A scale through Encoder1, which selects the next scale's patches, or through all layers. */
  private void runScale(BatchSlot[] slots, int s, RunOptions options, RunResult result) {
    final long start = clock.getAsLong();
    observer.scaleBegins();
    RaggedBatch batch = tables.scaleBatch;
    boolean isLast = s == scales - 1;
    boolean withBox = perScale(options);
    packer.packScale(slots, s);
    for (int r = 0; r < batch.requests(); r++) {
      result.selected[s][r] = tables.grids[s].selected(r);
    }
    int kind = scaleKind(s, options);
    boolean typical = forward.run(kind, batch);
    if (!isLast || withBox) {
      backend.synchronize();
    }
    if (!isLast) {
      observer.logitsReady(s, batch.requests(), options.trace);
    }
    result.completedScales = s + 1;
    if (withBox) {
      readBoxes(batch, options, result);
    }
    result.scaleNanos[s] = clock.getAsLong() - start;
    if (typical) {
      costs.learn(kind, batch.launchRows(), result.scaleNanos[s]);
    }
    observer.scaleEnds(s, batch, result.scaleNanos[s]);
  }

  /** All tokens through Encoder2 at once: the box of the last scale that was run. */
  private void runFinalPass(RunOptions options, RunResult result) {
    final long start = clock.getAsLong();
    observer.scaleBegins();
    RaggedBatch batch = tables.finalBatch;
    packer.packFinal(result.last());
    int kind = kinds.finalPass(options.withCandidates);
    boolean typical = forward.run(kind, batch);
    backend.synchronize();
    readBoxes(batch, options, result);
    result.finalNanos = clock.getAsLong() - start;
    if (typical) {
      costs.learn(kind, batch.launchRows(), result.finalNanos);
    }
    observer.finalPassEnds(batch, result.finalNanos);
  }

  /** The heads on the last scale's patch tokens, whose best boxes are the candidates. */
  private void runCandidates(BatchSlot[] slots, RunOptions options, RunResult result) {
    RaggedBatch batch = tables.scaleBatch;
    if (batch.patches() == 0) {
      return;
    }
    final long start = clock.getAsLong();
    int s = result.last();
    packer.packCandidates(s, !perScale(options));
    int kind = candidatesKind(s, options);
    boolean typical = forward.run(kind, batch);
    backend.synchronize();
    result.candidates.read(tables.candidateBoxes, tables.candidateScores, batch.patches());
    int patch = 0;
    for (int r = 0; r < batch.requests(); r++) {
      int end = patch + tables.grids[s].selected(r);
      result.candidates.choose(r, patch, end, slots[r].candidates());
      patch = end;
    }
    if (typical) {
      costs.learn(kind, batch.launchRows(), clock.getAsLong() - start);
    }
    observer.candidatesReady(s, batch.requests(), options.trace);
  }

  private int scaleKind(int s, RunOptions options) {
    if (!perScale(options)) {
      return kinds.scale(s, WorkKinds.Depth.SELECTION);
    }
    return kinds.scale(s, options.withCandidates ? WorkKinds.Depth.ALL_ROWS : WorkKinds.Depth.BOX);
  }

  private int candidatesKind(int s, RunOptions options) {
    return perScale(options) ? kinds.candidates(s) : kinds.finalCandidates();
  }

  private void readBoxes(RaggedBatch batch, RunOptions options, RunResult result) {
    int s = result.last();
    result.read(s, batch.requests(), tables.boxes, scores);
    observer.regReady(s, batch.requests(), options.trace);
    if (options.listener != null) {
      options.listener.onBox(s);
    }
  }

  private boolean goesOn(int next, RunOptions options, RunResult result) {
    options.atScale(result.last());
    boolean done =
        perScale(options) && result.isDone(result.last(), tables.scaleBatch.requests(), options);
    return !done && fits(next, options);
  }

  /** Whether a scale, with what must follow it, can be expected to end before the deadline. */
  private boolean fits(int s, RunOptions options) {
    if (options.deadline == RunOptions.NONE) {
      return true;
    }
    long left = options.deadline - clock.getAsLong();
    int kind = scaleKind(s, options);
    int tokens = packer.tokens(s);
    int rows = backend.passRows(tokens);
    int finalRows = backend.passRows(tables.finalBatch.rows() + tokens);
    double cost = costs.predict(kind, rows);
    if (!perScale(options)) {
      cost += costs.predict(kinds.finalPass(options.withCandidates), finalRows);
    }
    if (options.withCandidates) {
      cost += costs.predict(candidatesKind(s, options), rows);
    }
    if (cost <= left) {
      return true;
    }
    // Without time left, that it was skipped says nothing against what was expected.
    if (left > 0) {
      costs.skipped(kind, rows);
      if (!perScale(options)) {
        costs.skipped(kinds.finalPass(options.withCandidates), finalRows);
      }
      if (options.withCandidates) {
        costs.skipped(candidatesKind(s, options), rows);
      }
    }
    return false;
  }
}
