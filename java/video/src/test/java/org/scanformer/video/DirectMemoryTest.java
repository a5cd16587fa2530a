package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

class DirectMemoryTest {
  /** The tests' JVM has 1 GiB. */
  @Test
  void whatIsNotThereIsToldWithTheFrameThatItIsFor() {
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class,
            () -> DirectMemory.allocate(Integer.MAX_VALUE, 40_000, 20_000));
    assertEquals(ErrorCode.OUT_OF_MEMORY, refused.code());
    assertEquals(
        "No direct memory for a frame of 40000x20000: raise -Xmx or -XX:MaxDirectMemorySize",
        refused.getMessage());
  }
}
