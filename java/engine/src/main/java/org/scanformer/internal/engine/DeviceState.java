package org.scanformer.internal.engine;

import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerMetrics;

/**
 * What an engine's contexts know of their device together: whether it is still there, and what
 * metrics see its work. Thread-safe.
 */
final class DeviceState {
  private static final System.Logger LOG = System.getLogger("org.scanformer");

  final ScanFormerMetrics metrics;

  /** Why the device was lost, or null. */
  private volatile String loss;

  DeviceState(ScanFormerMetrics metrics) {
    this.metrics = new GuardedMetrics(metrics);
  }

  /** Refuses work for a device that is lost. */
  void requireDevice() {
    if (loss != null) {
      throw new ScanFormerException(
          ErrorCode.DEVICE_LOST,
          "The device was lost by an earlier call, close the model and start the process again: "
              + loss);
    }
  }

  /** Records that the device is lost, where a failure says so. */
  void recordLoss(Throwable failure) {
    if (failure instanceof ScanFormerException known
        && known.code() == ErrorCode.DEVICE_LOST
        && loss == null) {
      loss = known.getMessage();
      LOG.log(System.Logger.Level.WARNING, "A device is lost: {0}", loss);
    }
  }

  /** Tells metrics of a call that failed; once a call, by what its caller sees. */
  void callFailed(Throwable failure) {
    if (failure instanceof ScanFormerException known) {
      metrics.callFailed(known.code());
    }
  }
}
