package org.scanformer.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * The devices that a task runs on.
 *
 * @param backend their family
 * @param numbers within the family, in ascending order; one model is loaded on each
 */
record TaskDevices(BackendKind backend, List<Integer> numbers) {
  private static final String GPU = "gpu";

  /**
   * Those that Spark has given the task, if it has given any and the family may be CUDA; otherwise
   * the first one of the family.
   *
   * @param resources of the task, by name
   * @throws ScanFormerException BAD_INPUT when a GPU's address is not its number
   */
  static TaskDevices of(BackendKind wanted, Map<String, ResourceInformation> resources) {
    ResourceInformation gpus = resources.get(GPU);
    if (wanted == BackendKind.CPU || gpus == null || gpus.addresses().length == 0) {
      return new TaskDevices(wanted, List.of(0));
    }
    return new TaskDevices(
        BackendKind.CUDA,
        Arrays.stream(gpus.addresses()).map(TaskDevices::number).sorted().toList());
  }

  private static int number(String address) {
    try {
      return Integer.parseInt(address.strip());
    } catch (NumberFormatException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The GPU's address must be its number, as Spark's getGpusResources.sh prints it, found \""
              + address
              + "\"",
          e);
    }
  }
}
