package org.scanformer.internal.engine;

import java.util.List;
import java.util.function.Consumer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerMetrics;

/**
 * Several metrics that see the same, each told in turn. Thread-safe if they are.
 *
 * @param all may not throw
 */
public record SharedMetrics(List<? extends ScanFormerMetrics> all) implements ScanFormerMetrics {
  /** The only one of a list by itself, or all of them as one. */
  public static ScanFormerMetrics of(List<? extends ScanFormerMetrics> all) {
    return all.size() == 1 ? all.get(0) : new SharedMetrics(all);
  }

  private void tell(Consumer<ScanFormerMetrics> event) {
    all.forEach(event);
  }

  @Override
  public void callDone(int requests, int completedScales, boolean deadlineMet, long nanos) {
    tell(metrics -> metrics.callDone(requests, completedScales, deadlineMet, nanos));
  }

  @Override
  public void callFailed(ErrorCode code) {
    tell(metrics -> metrics.callFailed(code));
  }

  @Override
  public void scaleDone(int scale, int patches, int tokens, long nanos) {
    tell(metrics -> metrics.scaleDone(scale, patches, tokens, nanos));
  }

  @Override
  public void textEncoded(int tokens, long nanos) {
    tell(metrics -> metrics.textEncoded(tokens, nanos));
  }

  @Override
  public void queueLength(int requests, int change) {
    tell(metrics -> metrics.queueLength(requests, change));
  }

  @Override
  public void batchFormed(int requests, long longestWaitNanos) {
    tell(metrics -> metrics.batchFormed(requests, longestWaitNanos));
  }

  @Override
  public void requestDropped(DropReason reason) {
    tell(metrics -> metrics.requestDropped(reason));
  }
}
