package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacv.Frame;
import org.bytedeco.javacv.Java2DFrameConverter;
import org.junit.jupiter.api.Test;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.YuvColor;

/** How frames of other libraries become images, and images theirs: as the README says. */
class BridgesTest {
  private static final MovingShapes SCENE = new MovingShapes(161, 121, 0);

  @Test
  void aFrameOfJavaCvIsReadInPlace() {
    try (Frame frame = new Frame(161, 121, Frame.DEPTH_UBYTE, 3)) {
      Java2DFrameConverter.copy(SCENE.draw(0), frame);
      ByteBuffer pixels = (ByteBuffer) frame.image[0];
      Image image =
          Image.of(pixels, PixelFormat.BGR, frame.imageWidth, frame.imageHeight, frame.imageStride);
      assertTrue(image.pixels().isDirect());
      assertEquals(new BytePointer(pixels).address(), new BytePointer(image.pixels()).address());
      assertSame(SCENE.image(0), image);
    }
  }

  @Test
  void theMemoryOfAMatIsReadInPlace() {
    // What mat.createBuffer() gives: rows of mat.step() bytes, here with padding.
    int step = 3 * 161 + 13;
    ByteBuffer memory = ByteBuffer.allocateDirect(step * 121);
    Image drawn = SCENE.image(0);
    for (int y = 0; y < 121; y++) {
      memory.position(y * step).put(drawn.pixels().slice(y * 3 * 161, 3 * 161));
    }
    Image image = Image.of(memory.rewind(), PixelFormat.BGR, 161, 121, step);
    assertSame(drawn, image);
  }

  @Test
  void aBufferedImageGoesBothWays() {
    BufferedImage drawn = SCENE.draw(0);
    try (Picture picture = Picture.of(161, 121, PixelFormat.BGR)) {
      picture.set(Image.of(drawn));
      BufferedImage back = picture.toBufferedImage();
      for (int y = 0; y < 121; y++) {
        for (int x = 0; x < 161; x++) {
          assertEquals(drawn.getRGB(x, y), back.getRGB(x, y));
        }
      }
    }
  }

  @Test
  void theBytesOfAnAppsinkAreReadInPlace() {
    // video/x-raw,format=I420: GStreamer pads rows of luma and chroma to multiples of four, and
    // the planes' rows to an even number.
    int width = 161;
    int height = 121;
    int lumaStride = 164;
    int chromaStride = 84;
    int lumaBytes = lumaStride * 122;
    int chromaBytes = chromaStride * 61;
    ByteBuffer bytes = ByteBuffer.allocateDirect(lumaBytes + 2 * chromaBytes);
    bytes.put(5 * lumaStride + 7, (byte) 99);
    Image image =
        Image.i420(
            bytes.slice(0, lumaBytes),
            lumaStride,
            bytes.slice(lumaBytes, chromaBytes),
            bytes.slice(lumaBytes + chromaBytes, chromaBytes),
            chromaStride,
            width,
            height,
            YuvColor.BT601_LIMITED);
    assertEquals(99, image.plane(0).get(5 * lumaStride + 7));
    assertEquals(new BytePointer(bytes).address(), new BytePointer(image.plane(0)).address());
  }

  private static void assertSame(Image expected, Image actual) {
    for (int y = 0; y < expected.height(); y += 7) {
      for (int x = 0; x < 3 * expected.width(); x++) {
        assertEquals(
            expected.pixels().get(y * expected.rowStride() + x),
            actual.pixels().get(y * actual.rowStride() + x));
      }
    }
  }
}
