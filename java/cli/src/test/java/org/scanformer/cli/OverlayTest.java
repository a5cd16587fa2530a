package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.PixelFormat;
import org.scanformer.Precision;
import org.scanformer.ScaleResult;
import org.scanformer.Schedule;
import org.scanformer.Timings;

/** Overlays and what was seen. */
class OverlayTest {
  private static Location location(List<PatchMask> masks, List<NormalizedBox> boxes) {
    return location(masks, boxes, true);
  }

  private static Location location(
      List<PatchMask> masks, List<NormalizedBox> boxes, boolean found) {
    List<ScaleResult> scales = new java.util.ArrayList<>();
    for (int s = 0; s < masks.size(); s++) {
      scales.add(new ScaleResult(s, masks.get(s), boxes.get(s), 0.5f, found, 1));
    }
    NormalizedBox last = boxes.get(boxes.size() - 1);
    return new Location(
        last.toPixels(100, 100),
        last,
        Float.NaN,
        found,
        List.of(),
        List.of(),
        false,
        Schedule.PER_SCALE,
        BackendKind.CPU,
        Precision.FP32,
        scales,
        new Timings(1, 1, 1));
  }

  private static Image noise(PixelFormat format, int width, int height) {
    byte[] bytes = new byte[width * height * format.bytesPerPixel()];
    new Random(width * 31 + height).nextBytes(bytes);
    return Image.of(ByteBuffer.wrap(bytes), format, width, height);
  }

  private static final List<PatchMask> MASKS =
      List.of(
          PatchMask.all(1, 1),
          PatchMask.parse(2, 2, "1001"),
          PatchMask.parse(4, 4, "1000000000000000"));

  private static final List<NormalizedBox> BOXES =
      List.of(
          new NormalizedBox(0.5f, 0.5f, 0.8f, 0.8f),
          new NormalizedBox(0.5f, 0.5f, 0.5f, 0.5f),
          new NormalizedBox(0.5f, 0.5f, 0.2f, 0.2f));

  @Test
  void eachScalesBoxIsDrawnInItsColour() {
    byte[] gray = new byte[800 * 800];
    java.util.Arrays.fill(gray, (byte) 100);
    Image image = Image.of(ByteBuffer.wrap(gray), PixelFormat.GRAY, 800, 800);
    BufferedImage picture = Overlay.boxes(image, "a thing", location(MASKS, BOXES));
    // In the middle of the left edges, at 0.1, 0.25 and 0.4 of the width: mostly red, green, blue.
    int red = picture.getRGB(80, 400);
    int green = picture.getRGB(200, 400);
    int blue = picture.getRGB(320, 400);
    assertTrue((red >> 16 & 255) > 200 && (red >> 8 & 255) < 100 && (red & 255) < 100);
    assertTrue((green >> 8 & 255) > 200 && (green >> 16 & 255) < 100 && (green & 255) < 100);
    assertTrue((blue & 255) > 200 && (blue >> 16 & 255) < 120 && (blue >> 8 & 255) < 120);
    assertEquals(0xff646464, picture.getRGB(40, 40), "the image is left alone elsewhere");
  }

  @Test
  void boxesOfWhatIsNotFoundAreDashed() {
    Image image = Image.of(ByteBuffer.wrap(new byte[800 * 800]), PixelFormat.GRAY, 800, 800);
    BufferedImage found = Overlay.boxes(image, "a thing", location(MASKS, BOXES));
    BufferedImage not = Overlay.boxes(image, "a thing", location(MASKS, BOXES, false));
    // The left edge of the coarsest scale's box.
    int edge = 0;
    int dashes = 0;
    for (int y = 100; y < 700; y++) {
      edge += (found.getRGB(80, y) >> 16 & 255) > 100 ? 1 : 0;
      dashes += (not.getRGB(80, y) >> 16 & 255) > 100 ? 1 : 0;
    }
    assertEquals(600, edge);
    assertTrue(dashes > 200 && dashes < 400, dashes + " pixels of dashes");
    assertTrue(captionPixels(not) > captionPixels(found) * 3 / 2, "the caption says it");
  }

  private static int captionPixels(BufferedImage picture) {
    int pixels = 0;
    for (int y = 800; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        pixels += (picture.getRGB(x, y) & 0xffffff) == 0xffffff ? 1 : 0;
      }
    }
    return pixels;
  }

  @Test
  void whatWasSeenIsFineWhereSelectedAndCoarseElsewhere() {
    // 4 x 4 patches of 8 pixels on an image of 32 x 32: the finest canvas is the image itself.
    Image image = noise(PixelFormat.RGB, 32, 32);
    BufferedImage source = PngFiles.toBufferedImage(image);
    BufferedImage seen = Overlay.seen(image, location(MASKS, BOXES), 8);
    int factor = seen.getWidth() / 32;
    assertEquals(32 * factor, seen.getHeight());
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 32; x++) {
        int block = x < 8 && y < 8 ? 1 : x / 16 == y / 16 ? 2 : 4;
        int red = 0;
        for (int v = 0; v < block; v++) {
          for (int u = 0; u < block; u++) {
            red += source.getRGB(x / block * block + u, y / block * block + v) >> 16 & 255;
          }
        }
        int found = seen.getRGB(x * factor + factor / 2, y * factor + factor / 2) >> 16 & 255;
        assertEquals(red / (block * block), found, 1, "at " + x + ", " + y);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"GRAY, 1, 1", "BGRA, 3, 500", "RGBA, 2000, 2", "BGR, 40, 400", "RGB, 7, 5"})
  void anyShapeAndFormatHasPictures(PixelFormat format, int width, int height) {
    Image image = noise(format, width, height);
    String text = "a rather long expression that has to be broken into lines ".repeat(3);
    BufferedImage overlay = Overlay.boxes(image, text, location(MASKS, BOXES));
    assertTrue(Math.max(overlay.getWidth(), overlay.getHeight()) >= 640);
    BufferedImage seen = Overlay.seen(image, location(MASKS, BOXES), 4);
    assertTrue(seen.getWidth() >= 1 && seen.getHeight() >= 1);
  }

  @Test
  void colourChannelsKeepTheirPlaces() {
    byte[] bytes = {1, 2, 3, 4};
    for (PixelFormat format : PixelFormat.values()) {
      if (format.isYuv()) {
        continue; // files are never read as such
      }
      Image image = Image.of(ByteBuffer.wrap(bytes, 0, format.bytesPerPixel()), format, 1, 1);
      int expected =
          switch (format) {
            case RGB, RGBA -> 0xff010203;
            case BGR, BGRA -> 0xff030201;
            case GRAY -> 0xff010101;
            default -> throw new AssertionError(format);
          };
      assertEquals(expected, PngFiles.toBufferedImage(image).getRGB(0, 0), format.toString());
    }
  }
}
