package org.scanformer.spark;

import org.apache.spark.SparkEnv;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * What becomes of an executor whose device is lost: only a new process can use it again, and while
 * the old one lives it would take task after task and fail each.
 */
final class LostDevice {
  /** None of Spark's own exit codes. */
  private static final int EXIT_CODE = 70;

  private static final String DRIVER = "driver";

  private LostDevice() {}

  /** Ends this process if it is an executor's, and the failure that of a device. */
  static void endProcess(Throwable failure) {
    if (isLostDevice(failure) && !DRIVER.equals(SparkEnv.get().executorId())) {
      System.getLogger("org.scanformer")
          .log(System.Logger.Level.ERROR, "The executor ends, as its device is lost", failure);
      // On a thread of its own: the end waits for tasks, of which this may be one.
      new Thread(() -> System.exit(EXIT_CODE), "scanformer-spark-exit").start();
    }
  }

  /** Whether a failure, or what led to it, is the loss of a device. */
  static boolean isLostDevice(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof ScanFormerException known && known.code() == ErrorCode.DEVICE_LOST) {
        return true;
      }
    }
    return false;
  }
}
