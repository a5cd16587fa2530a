package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ImageTest {
  /** Two bytes a pixel: a row has more bytes than an int holds. */
  @ParameterizedTest
  @EnumSource(names = {"YUYV", "UYVY", "P010"})
  void refusesRowsThatNoIntHolds(PixelFormat format) {
    ScanFormerException refused =
        assertThrows(
            ScanFormerException.class,
            () -> Image.yuv(ByteBuffer.allocate(64), format, 1 << 30, 2, YuvColor.BT709_LIMITED));
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
  }

  @Test
  void formatsHaveTheOrdinalsOfTheNativeApi() {
    assertArrayEquals(
        new PixelFormat[] {
          PixelFormat.RGB,
          PixelFormat.BGR,
          PixelFormat.RGBA,
          PixelFormat.BGRA,
          PixelFormat.GRAY,
          PixelFormat.NV12,
          PixelFormat.I420,
          PixelFormat.NV21,
          PixelFormat.YUYV,
          PixelFormat.UYVY,
          PixelFormat.P010
        },
        PixelFormat.values());
    assertArrayEquals(
        new YuvColor[] {
          YuvColor.BT601_LIMITED, YuvColor.BT601_FULL, YuvColor.BT709_LIMITED, YuvColor.BT709_FULL
        },
        YuvColor.values());
  }

  @ParameterizedTest
  @EnumSource(
      value = PixelFormat.class,
      names = {"RGB", "BGR", "RGBA", "BGRA", "GRAY"})
  void takesBuffersOfExactlyTheNeededSize(PixelFormat format) {
    int bytes = 3 * 2 * format.bytesPerPixel();
    Image image = Image.of(ByteBuffer.allocate(bytes), format, 3, 2);
    assertEquals(3, image.width());
    assertEquals(2, image.height());
    assertEquals(3 * format.bytesPerPixel(), image.rowStride());
    assertEquals(format, image.format());
    assertEquals(bytes, image.pixels().remaining());
    fails(
        "at least " + bytes + " expected",
        ByteBuffer.allocate(bytes - 1),
        format,
        3,
        2,
        image.rowStride());
  }

  @Test
  void startsAtTheBuffersPositionAndLeavesItAlone() {
    ByteBuffer buffer = ByteBuffer.allocate(20);
    for (int i = 0; i < 20; i++) {
      buffer.put(i, (byte) i);
    }
    buffer.position(5).limit(16);
    Image image = Image.of(buffer, PixelFormat.RGB, 1, 2, 8);
    assertEquals(5, buffer.position());
    assertEquals(16, buffer.limit());
    assertEquals(0, image.pixels().position());
    assertEquals(11, image.pixels().limit());
    assertEquals(5, image.pixels().get(0));
    assertEquals(15, image.pixels().get(10));
  }

  @Test
  void viewsHeapDirectSlicedAndReadOnlyBuffersWithoutACopy() {
    ByteBuffer heap = ByteBuffer.allocate(9);
    ByteBuffer direct = ByteBuffer.allocateDirect(9);
    for (ByteBuffer owner : new ByteBuffer[] {heap, direct}) {
      Image whole = Image.of(owner, PixelFormat.GRAY, 3, 3);
      Image sliced = Image.of(owner.slice(3, 6), PixelFormat.GRAY, 3, 2);
      Image readOnly = Image.of(owner.asReadOnlyBuffer(), PixelFormat.GRAY, 3, 3);
      owner.put(4, (byte) 77);
      assertEquals(77, whole.pixels().get(4));
      assertEquals(77, sliced.pixels().get(1));
      assertEquals(77, readOnly.pixels().get(4));
      assertEquals(owner.isDirect(), whole.pixels().isDirect());
    }
  }

  @Test
  void handsOutIndependentReadOnlyViews() {
    Image image = Image.of(ByteBuffer.allocate(4), PixelFormat.GRAY, 2, 2);
    image.pixels().position(3);
    assertEquals(0, image.pixels().position());
    assertTrue(image.pixels().isReadOnly());
    assertThrows(ReadOnlyBufferException.class, () -> image.pixels().put(0, (byte) 1));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 3, at least 1x1 expected",
    "1, 0, 3, at least 1x1 expected",
    "-1, 1, 3, at least 1x1 expected",
    "2, 2, 5, 'row stride of 5 bytes found, at least 6 expected'",
    "2, 2, -1, 'row stride of -1 bytes found'",
    // In 32 bits these would come out as 4, as 1 and as a negative number.
    "1431655766, 1, 4, at least 4294967298 expected",
    "1, 2, 2147483647, at least 2147483650 expected",
    "1, 2147483647, 2147483647, at least 4611686011984936965 expected",
  })
  void refusesWhatDoesNotFit(int width, int height, int stride, String message) {
    fails(message, ByteBuffer.allocate(64), PixelFormat.RGB, width, height, stride);
  }

  @Test
  void refusesRowsLongerThanAnInt() {
    ByteBuffer buffer = ByteBuffer.allocate(8);
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class, () -> Image.of(buffer, PixelFormat.BGRA, 1 << 30, 1));
    assertEquals(ErrorCode.BAD_INPUT, e.code());
    assertTrue(e.getMessage().contains("rows of 4294967296 bytes found"), e.getMessage());
  }

  private static void fails(
      String message, ByteBuffer buffer, PixelFormat format, int width, int height, int stride) {
    ScanFormerException e =
        assertThrows(
            ScanFormerException.class, () -> Image.of(buffer, format, width, height, stride));
    assertEquals(ErrorCode.BAD_INPUT, e.code());
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
