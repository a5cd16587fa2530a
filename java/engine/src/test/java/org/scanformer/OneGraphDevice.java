package org.scanformer;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.BatchPacking;
import org.scanformer.internal.backend.BatchSegmentTable;
import org.scanformer.internal.engine.Backends;

/**
 * A CUDA device that counts what calls do, and that refuses one graph a call or fails on demand.
 */
final class OneGraphDevice {
  /** What the device says of switches; empty for the truth. */
  String refusal = "";

  /** Whether it refuses to record them. */
  boolean refusesRecording;

  /** The part whose segment is spoilt in the next call of one graph; -1 for none. */
  int spoilt = -1;

  /** What the next wait fails with; null for nothing. */
  ScanFormerException failure;

  /** Calls that were given to the device as a whole. */
  int switching;

  /** Of them, those that it took. */
  int taken;

  int waits;

  /** Work that was not replayed. */
  int unrecorded;

  private BatchSegmentTable segments;

  /** As the engine opens backends. */
  Backend open(ScanFormerOptions options) {
    Backend real = Backends.open(options);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (self, method, arguments) -> {
              String name = method.getName();
              if (name.equals("whyNoSwitching") && !refusal.isEmpty()) {
                return refusal;
              }
              if (name.equals("replaySwitching") && refusesRecording) {
                refusal = "the driver refuses";
                return false;
              }
              before(name, arguments);
              try {
                Object returned = method.invoke(real, arguments);
                after(name, returned);
                return returned;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void before(String name, Object[] arguments) {
    switch (name) {
      case "packBatch" -> segments = ((BatchPacking) arguments[0]).segments();
      case "replaySwitching" -> {
        switching++;
        spoil();
      }
      case "synchronize" -> {
        waits++;
        fail();
      }
      default -> {}
    }
  }

  private void after(String name, Object returned) {
    if (name.equals("replay") && returned.equals(false)) {
      unrecorded++;
    }
    if (name.equals("replaySwitching") && returned.equals(true)) {
      taken++;
    }
  }

  /** Leaves a segment no room for tokens: a row's last number is its capacity. */
  private void spoil() {
    if (spoilt >= 0) {
      int end = (spoilt + 1) * BatchSegmentTable.BYTES;
      segments.table().host().putInt(end - Integer.BYTES, 0);
      spoilt = -1;
    }
  }

  private void fail() {
    ScanFormerException planted = failure;
    failure = null;
    if (planted != null) {
      throw planted;
    }
  }
}
