package org.scanformer.internal.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import jdk.jfr.FlightRecorder;
import org.scanformer.ScanFormerMetrics;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.Tensor;

/**
 * Tells an application's metrics, the flight recorder and a trace what a run does. Allocates only
 * where the flight recorder or a trace asks for it. Not safe for use by several threads.
 */
final class RunObserver {
  /** The number that the pass over all tokens has instead of a scale's. */
  private static final int FINAL_PASS = -1;

  private final ScanFormerMetrics metrics;
  private final Backend backend;
  private final Workspace work;

  /** What is being recorded, or null. */
  private CallEvent call;

  private ScaleEvent scale;

  RunObserver(ScanFormerMetrics metrics, Backend backend, Workspace work) {
    this.metrics = metrics;
    this.backend = backend;
    this.work = work;
  }

  /** A text was encoded by itself. */
  void textEncoded(int tokens, long nanos) {
    metrics.textEncoded(tokens, nanos);
  }

  /** A run begins. */
  void callBegins() {
    // Without a recorder the events' classes are not loaded: a process's first answer is sooner.
    call = FlightRecorder.isInitialized() ? CallEvent.start() : null;
  }

  /** The run has its result. */
  void callEnds(int requests, RunOptions options, RunResult result) {
    metrics.callDone(requests, result.completedScales, result.deadlineMet, result.totalNanos);
    if (call != null) {
      call.requests = requests;
      call.schedule = options.schedule.name();
      call.completedScales = result.completedScales;
      call.deadlineMet = result.deadlineMet;
      call.commit();
      call = null;
    }
  }

  /** A scale, or the pass over all tokens, begins. */
  void scaleBegins() {
    scale = FlightRecorder.isInitialized() ? ScaleEvent.start() : null;
  }

  /** A scale's batch is done. */
  void scaleEnds(int s, RaggedBatch batch, long nanos) {
    metrics.scaleDone(s, batch.launchPatches(), batch.launchRows(), nanos);
    if (scale != null) {
      scale.scale = s;
      scale.patches = batch.launchPatches();
      scale.rows = batch.launchRows();
      scale.commit();
      scale = null;
    }
  }

  /** The pass over all tokens is done. */
  void finalPassEnds(RaggedBatch batch, long nanos) {
    scaleEnds(FINAL_PASS, batch, nanos);
  }

  /** The selection head has a scale's logits. */
  void logitsReady(int s, int requests, Trace trace) {
    if (trace == null) {
      return;
    }
    int row = 0;
    for (int r = 0; r < requests; r++) {
      int selected = work.tables.grids[s].selected(r);
      trace.logits(r, s, download(work.logits, row, selected));
      row += selected;
    }
  }

  /** The encoder has a scale's [REG] tokens. */
  void regReady(int s, int requests, Trace trace) {
    if (trace == null) {
      return;
    }
    for (int r = 0; r < requests; r++) {
      trace.reg(r, s, download(work.regNorm, r, 1));
    }
  }

  /** The heads have the boxes and scores of a scale's patch tokens. */
  void candidatesReady(int s, int requests, Trace trace) {
    if (trace == null) {
      return;
    }
    int row = 0;
    for (int r = 0; r < requests; r++) {
      int selected = work.tables.grids[s].selected(r);
      trace.candidates(
          r,
          s,
          download(work.candidateBoxes, row, selected),
          download(work.candidateScores, row, selected));
      row += selected;
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
