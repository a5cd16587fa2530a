package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.scanformer.reference.GoldenCase;

/**
 * The engine with org.bytedeco:cuda absent: it runs on the CPU, and where there is a device, here
 * an emulated one, it says which artifact is missing.
 */
@Tag("without-cuda")
class WithoutCudaBindingsTest {
  private static final String ARTIFACT = "org.scanformer:scanformer-cuda";

  @Test
  void theBindingsAreAbsentHere() {
    assertThrows(
        ClassNotFoundException.class, () -> Class.forName("org.bytedeco.cuda.global.cublas"));
  }

  @Test
  void theReportOfADeviceNamesTheArtifact() {
    List<DeviceReport> devices = ScanFormer.devices();
    DeviceReport cuda = devices.get(0);
    assertEquals(BackendKind.CUDA, cuda.backend());
    assertFalse(cuda.usable());
    assertTrue(cuda.details().contains("name=emulation on the host"), cuda.toString());
    assertTrue(String.join("; ", cuda.details()).contains(ARTIFACT), cuda.toString());
    assertTrue(devices.get(devices.size() - 1).usable(), devices.toString());
  }

  @Test
  void theDefaultBackendIsTheCpu() throws Exception {
    GoldenRun.checkFp32(GoldenCase.all().get(0), BackendKind.AUTO, Schedule.FINAL_ONLY);
  }

  @Test
  void askingForCudaFailsWithTheArtifact() throws Exception {
    GoldenCase golden = GoldenCase.all().get(0);
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class,
            () -> GoldenRun.checkFp32(golden, BackendKind.CUDA, Schedule.FINAL_ONLY));
    assertEquals(ErrorCode.UNSUPPORTED, e.code());
    assertTrue(e.getMessage().contains(ARTIFACT), e.getMessage());
  }
}
