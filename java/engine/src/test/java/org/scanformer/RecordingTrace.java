package org.scanformer;

import java.util.ArrayList;
import java.util.List;
import org.scanformer.internal.engine.Trace;

/** Keeps the inner results of one request, in the order of the scales. */
final class RecordingTrace implements Trace {
  final List<float[]> logits = new ArrayList<>();
  final List<float[]> regs = new ArrayList<>();

  @Override
  public void logits(int request, int scale, float[] values) {
    logits.add(values);
  }

  @Override
  public void reg(int request, int scale, float[] values) {
    regs.add(values);
  }

  @Override
  public void candidates(int request, int scale, float[] boxes, float[] scores) {}
}
