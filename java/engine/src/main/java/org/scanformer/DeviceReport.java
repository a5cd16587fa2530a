package org.scanformer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a backend finds on this machine. Immutable, so it is thread-safe.
 *
 * @param backend {@link BackendKind#CPU} or {@link BackendKind#CUDA}
 * @param device the device's number
 * @param usable whether a model can run on it
 * @param name the device's own name; empty where none is known
 * @param precisions what a model can run in on it, the default first; empty if it is not usable
 * @param properties what else is known of it, by name, in the backend's order: of a CPU {@code
 *     isa}, {@code bf16}, {@code threads} and {@code onednn}; of a CUDA device {@code capability},
 *     {@code memory} (bytes), {@code multiprocessors}, {@code driver}, {@code runtime} and {@code
 *     cublas}
 * @param reasons every reason why it is not usable; empty if it is
 */
public record DeviceReport(
    BackendKind backend,
    int device,
    boolean usable,
    String name,
    List<Precision> precisions,
    Map<String, String> properties,
    List<String> reasons) {
  /** Copies the lists and the map. */
  public DeviceReport {
    precisions = List.copyOf(precisions);
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    reasons = List.copyOf(reasons);
  }

  /**
   * The report in lines for people: name and properties as {@code name=value}, then the reasons.
   */
  public List<String> details() {
    List<String> lines = new ArrayList<>();
    if (!name.isEmpty()) {
      lines.add("name=" + name);
    }
    properties.forEach((property, value) -> lines.add(property + "=" + value));
    lines.addAll(reasons);
    return lines;
  }
}
