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

  /** Logs it once, as what fails will fail in every call. Errors too end no call. */
  private void ignore(Throwable e) {
    if (told.getAndSet(true)) {
      return;
    }
    try {
      LOG.log(System.Logger.Level.WARNING, "The application's metrics failed", e);
    } catch (Throwable loggerFailed) {
      // The application's logger may fail for the same reason, such as a heap that is full.
    }
  }

  @Override
  public void callDone(int requests, int completedScales, boolean deadlineMet, long nanos) {
    try {
      metrics.callDone(requests, completedScales, deadlineMet, nanos);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void callFailed(ErrorCode code) {
    try {
      metrics.callFailed(code);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void scaleDone(int scale, int patches, int tokens, long nanos) {
    try {
      metrics.scaleDone(scale, patches, tokens, nanos);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void textEncoded(int tokens, long nanos) {
    try {
      metrics.textEncoded(tokens, nanos);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void queueLength(int requests, int change) {
    try {
      metrics.queueLength(requests, change);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void batchFormed(int requests, long longestWaitNanos) {
    try {
      metrics.batchFormed(requests, longestWaitNanos);
    } catch (Throwable e) {
      ignore(e);
    }
  }

  @Override
  public void requestDropped(DropReason reason) {
    try {
      metrics.requestDropped(reason);
    } catch (Throwable e) {
      ignore(e);
    }
  }
}
