package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.ScanFormerException;

/** What Spark gives a task decides on the device. */
class TaskDevicesTest {
  private static Map<String, ResourceInformation> gpus(String... addresses) {
    return Map.of("gpu", new ResourceInformation("gpu", addresses));
  }

  @Test
  void gpusOfTheTaskAreItsDevices() {
    assertEquals(
        new TaskDevices(BackendKind.CUDA, List.of(3)), TaskDevices.of(BackendKind.AUTO, gpus("3")));
    assertEquals(
        TaskDevices.of(BackendKind.CUDA, gpus("0", "2")),
        TaskDevices.of(BackendKind.CUDA, gpus("2", "0")));
  }

  @Test
  void withoutGpusTheFamilyDecides() {
    assertEquals(
        new TaskDevices(BackendKind.AUTO, List.of(0)), TaskDevices.of(BackendKind.AUTO, Map.of()));
    assertEquals(
        new TaskDevices(BackendKind.CPU, List.of(0)), TaskDevices.of(BackendKind.CPU, gpus("1")));
  }

  @Test
  void anAddressIsANumber() {
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class, () -> TaskDevices.of(BackendKind.AUTO, gpus("GPU-4a")));
    assertTrue(refused.getMessage().contains("GPU-4a"), refused.getMessage());
  }
}
