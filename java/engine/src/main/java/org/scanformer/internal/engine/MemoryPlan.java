package org.scanformer.internal.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.scanformer.ErrorCode;
import org.scanformer.ModelInfo;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;

/**
 * What will be reserved on a device, collected first and reserved at once, so that what does not
 * fit is refused before anything is taken. Not safe for use by several threads.
 */
final class MemoryPlan {
  private final List<Tensor> tensors = new ArrayList<>();
  private final Map<String, Long> bytesByPurpose = new LinkedHashMap<>();

  /** Declares an array; it has memory after {@link #reserve}. */
  Tensor tensor(String purpose, ElementType type, long rows, int columns) {
    Tensor tensor = new Tensor(purpose, type, rows, columns);
    tensors.add(tensor);
    count(purpose, tensor.bytes());
    return tensor;
  }

  /** Counts memory that something else will allocate. */
  void count(String purpose, long bytes) {
    bytesByPurpose.merge(purpose, bytes, Math::addExact);
  }

  /** Bytes of everything declared and counted. */
  long bytes() {
    return bytesByPurpose.values().stream().mapToLong(Long::longValue).reduce(0, Math::addExact);
  }

  /** The same by purpose, in the order of declaration. */
  List<ModelInfo.Reservation> reservations() {
    List<ModelInfo.Reservation> list = new ArrayList<>();
    bytesByPurpose.forEach((purpose, bytes) -> list.add(new ModelInfo.Reservation(purpose, bytes)));
    return list;
  }

  /**
   * Refuses the plan when the device has not enough memory for all of it.
   *
   * @throws ScanFormerException OUT_OF_MEMORY with the bytes needed and available
   */
  void requireFits(Backend backend) {
    // What the backend has allocated for itself is in the plan too.
    long available = Math.addExact(backend.memoryAvailable(), backend.ownBytes());
    if (bytes() > available) {
      StringBuilder message = new StringBuilder();
      message
          .append("The model with these options needs ")
          .append(bytes())
          .append(" bytes, ")
          .append(available)
          .append(" are available on the ")
          .append(backend.kind())
          .append(" device. Needed for ");
      bytesByPurpose.forEach(
          (purpose, bytes) -> message.append(purpose).append(": ").append(bytes).append(", "));
      message.setLength(message.length() - 2);
      throw new ScanFormerException(
          ErrorCode.OUT_OF_MEMORY, message.append("; a smaller maxBatch needs less").toString());
    }
  }

  /** What sizes beyond the numbers that count them are to callers. */
  static ScanFormerException unaddressable(int maxBatch, ArithmeticException overflow) {
    return new ScanFormerException(
        ErrorCode.OUT_OF_MEMORY,
        "The model with maxBatch "
            + maxBatch
            + " needs arrays of more elements than can be addressed; a smaller maxBatch needs less",
        overflow);
  }

  /** Allocates every declared array. */
  void reserve(Backend backend) {
    tensors.forEach(backend::allocate);
  }
}
