package org.scanformer.internal.engine;

import java.util.concurrent.atomic.AtomicBoolean;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerMetrics;

/** An application's metrics, whose failures are logged and end no call. Thread-safe. */
public final class GuardedMetrics implements ScanFormerMetrics {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  private final ScanFormerMetrics metrics;
  private final AtomicBoolean told = new AtomicBoolean();

  /** A guard around what the application gave. */
  public GuardedMetrics(ScanFormerMetrics metrics) {
    this.metrics = metrics;
  }

  /** Logs it once, as what fails will fail in every call. */
  private void ignore(RuntimeException e) {
    if (!told.getAndSet(true)) {
      LOG.log(System.Logger.Level.WARNING, "The application's metrics failed", e);
    }
  }

  @Override
  public void callDone(int requests, int completedScales, boolean deadlineMet, long nanos) {
    try {
      metrics.callDone(requests, completedScales, deadlineMet, nanos);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void callFailed(ErrorCode code) {
    try {
      metrics.callFailed(code);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void scaleDone(int scale, int patches, int tokens, long nanos) {
    try {
      metrics.scaleDone(scale, patches, tokens, nanos);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void textEncoded(int tokens, long nanos) {
    try {
      metrics.textEncoded(tokens, nanos);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void queueLength(int requests) {
    try {
      metrics.queueLength(requests);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void batchFormed(int requests, long longestWaitNanos) {
    try {
      metrics.batchFormed(requests, longestWaitNanos);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }

  @Override
  public void requestDropped(DropReason reason) {
    try {
      metrics.requestDropped(reason);
    } catch (RuntimeException e) {
      ignore(e);
    }
  }
}
