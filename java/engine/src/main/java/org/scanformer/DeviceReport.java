package org.scanformer;

import java.util.List;

/**
 * What a backend finds on this machine.
 *
 * @param backend {@link BackendKind#CPU} or {@link BackendKind#CUDA}
 * @param device the device's number
 * @param usable whether a model can run on it
 * @param details facts about a usable device ("name=…", "isa=…"), or every reason why it is not
 *     usable
 */
public record DeviceReport(BackendKind backend, int device, boolean usable, List<String> details) {
  /** Copies the list. */
  public DeviceReport {
    details = List.copyOf(details);
  }
}
