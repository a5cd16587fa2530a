package org.scanformer.internal.backend;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.scanformer.BackendKind;
import org.scanformer.DeviceReport;
import org.scanformer.Precision;

/** Collects what is found of a device, for its report. Not safe for use by several threads. */
public final class DeviceFacts {
  private final BackendKind backend;
  private final int device;
  private final Map<String, String> properties = new LinkedHashMap<>();
  private final List<String> reasons = new ArrayList<>();

  /** Facts about a device of which nothing is known yet. */
  public DeviceFacts(BackendKind backend, int device) {
    this.backend = backend;
    this.device = device;
  }

  /** Adds what a backend has found: "key=value" lines of a usable device, or reasons. */
  public DeviceFacts add(NativeStream.Probe found) {
    if (!found.usable() && found.details().isEmpty()) {
      reason("the backend gives no reason");
    }
    for (String line : found.details()) {
      int equals = line.indexOf('=');
      if (found.usable() && equals > 0) {
        property(line.substring(0, equals), line.substring(equals + 1));
      } else if (!found.usable()) {
        reason(line);
      }
    }
    return this;
  }

  /** Adds a property. */
  public DeviceFacts property(String name, String value) {
    properties.put(name, value);
    return this;
  }

  /** Adds a reason why the device is not usable. */
  public DeviceFacts reason(String reason) {
    reasons.add(reason);
    return this;
  }

  /** Whether no reason against it has been added. */
  public boolean usable() {
    return reasons.isEmpty();
  }

  /**
   * The report.
   *
   * @param precisions what a usable device with these properties runs in, the default first
   */
  public DeviceReport report(Function<Map<String, String>, List<Precision>> precisions) {
    Map<String, String> others = new LinkedHashMap<>(properties);
    String name = others.remove("name");
    return new DeviceReport(
        backend,
        device,
        usable(),
        name == null ? "" : name,
        usable() ? precisions.apply(others) : List.of(),
        others,
        reasons);
  }
}
