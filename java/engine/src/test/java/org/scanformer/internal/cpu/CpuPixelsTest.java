package org.scanformer.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.internal.backend.PixelSource;

/** The memory that pixels of Java's heap are copied to. */
final class CpuPixelsTest {
  private static void assertStages(CpuBackend backend, int width) {
    byte[] pixels = new byte[3 * width];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i + 1);
    }
    PixelSource image =
        new PixelSource(Image.of(ByteBuffer.wrap(pixels), PixelFormat.RGB, width, 1));
    backend.stagePixels(image);
    byte[] staged = new byte[pixels.length];
    long place = image.place(0);
    new BytePointer() {
      {
        address = place;
      }
    }.get(staged);
    assertArrayEquals(pixels, staged);
  }

  @Test
  void growsWithTheImages() {
    try (CpuBackend backend = CpuBackend.open(null, 1)) {
      for (int width : new int[] {1, 100, 7}) {
        assertStages(backend, width);
      }
    }
  }

  /** Each image is copied by itself. */
  @ParameterizedTest
  @ValueSource(longs = {Integer.MAX_VALUE, 1L << 31, (1L << 32) + 1, 1L << 60})
  void declaredFramesOfAnySizeLeaveRoomForAnImage(long bytes) {
    try (CpuBackend backend = CpuBackend.open(null, 1)) {
      assertEquals(5, backend.stagingBytes(5, 64));
      long room = backend.stagingBytes(bytes, 64);
      assertEquals(Integer.MAX_VALUE, room, "what one buffer reaches");
      backend.reservePixels(room);
      assertStages(backend, 2);
    }
  }
}
