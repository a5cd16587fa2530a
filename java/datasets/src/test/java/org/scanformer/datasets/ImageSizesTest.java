package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Box;
import org.scanformer.Image;

/** Image files whose size is not that in the dataset's file. */
class ImageSizesTest {
  @TempDir private Path root;

  /** The dataset's only pair, or its problem. */
  private ReferringDataset open(String name, String size, String box) throws IOException {
    Path file = root.resolve("m.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "%s", %s "caption": "the dog"}],
         "annotations": [{"id": 1, "image_id": 1, "bbox": [%s]}]}
        """
            .formatted(name, size, box));
    return MdetrDataset.open(file, null);
  }

  private static byte[] jpeg(int width, int height, int x, int y, int w, int h) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(x, y, w, h);
    graphics.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return out.toByteArray();
  }

  /** The same file with an EXIF orientation. */
  private static byte[] oriented(byte[] jpeg, int orientation) {
    byte[] exif = {
      (byte) 0xff,
      (byte) 0xe1,
      0,
      34,
      'E',
      'x',
      'i',
      'f',
      0,
      0,
      'M',
      'M',
      0,
      42,
      0,
      0,
      0,
      8,
      0,
      1,
      1,
      0x12,
      0,
      3,
      0,
      0,
      0,
      1,
      0,
      (byte) orientation,
      0,
      0,
      0,
      0,
      0,
      0
    };
    byte[] all = Arrays.copyOf(jpeg, jpeg.length + exif.length);
    System.arraycopy(exif, 0, all, 2, exif.length);
    System.arraycopy(jpeg, 2, all, 2 + exif.length, jpeg.length - 2);
    return all;
  }

  @ParameterizedTest
  @CsvSource({"80, 60", "20, 15", "81, 60", "27, 20", "400, 301"})
  void scalesBoxesToAResizedCopy(int width, int height) throws IOException {
    Files.write(root.resolve("a.jpg"), jpeg(width, height, 0, 0, 1, 1));
    ReferringPair pair = open("a.jpg", "\"width\": 40, \"height\": 30,", "10, 12, 20, 6").pair(0);
    double x = width / 40.0;
    double y = height / 30.0;
    assertBox(new Box(10 * x, 12 * y, 20 * x, 6 * y), pair.box());
    assertEquals(width, pair.image().width());
    assertEquals(height, pair.image().height());
    assertEquals(width, pair.image().read().width());
  }

  @Test
  void namesFileAndBothSizesWhereAspectsDiffer() throws IOException {
    Files.write(root.resolve("a.jpg"), jpeg(640, 428, 0, 0, 1, 1));
    ReferringDataset dataset = open("a.jpg", "\"width\": 640, \"height\": 512,", "10, 12, 20, 6");
    assertEquals(0, dataset.size());
    String problem = dataset.badRecords().get(0).problem();
    assertTrue(problem.contains("a.jpg has 640x428 pixels, expected 640x512"), problem);
  }

  /** The white part of the picture is the target, whatever the coordinates of its box. */
  @ParameterizedTest
  @ValueSource(ints = {5, 6, 7, 8})
  void turnsBoxesOfStoredPixels(int orientation) throws IOException {
    Files.write(root.resolve("a.jpg"), oriented(jpeg(80, 48, 8, 16, 32, 8), orientation));
    ReferringPair stored = open("a.jpg", "\"width\": 80, \"height\": 48,", "8, 16, 32, 8").pair(0);
    assertWhite(stored.image().read(), stored.box());
    assertEquals(48, stored.image().width());
    ReferringPair half = open("a.jpg", "\"width\": 40, \"height\": 24,", "4, 8, 16, 4").pair(0);
    assertBox(stored.box(), half.box());
    Box box = stored.box();
    String same = box.x() + ", " + box.y() + ", " + box.width() + ", " + box.height();
    ReferringPair upright = open("a.jpg", "\"width\": 48, \"height\": 80,", same).pair(0);
    assertBox(box, upright.box());
  }

  @Test
  void takesTheFilesSizeWhereTheDatasetGivesNone() throws IOException {
    Files.write(root.resolve("a.jpg"), oriented(jpeg(80, 48, 0, 0, 1, 1), 6));
    ReferringPair pair = open("a.jpg", "", "40, 70, 20, 20").pair(0);
    assertEquals(48, pair.image().width());
    assertBox(new Box(40, 70, 8, 10), pair.box());
    ReferringDataset negative = open("a.jpg", "\"width\": -1, \"height\": 48,", "1, 1, 2, 2");
    String problem = negative.badRecords().get(0).problem();
    assertTrue(problem.contains("found -1 and 48"), problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "gif", "bmp"})
  void readsTheSizesOfOtherFormats(String format) throws IOException {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, format, root.resolve("a.img").toFile());
    assertEquals(new ImageHeader(40, 30, 1), ImageHeader.read(root.resolve("a.img")));
  }

  /** Each of them is read once, but not by a call of the system: that would take a minute. */
  @Test
  @Timeout(20)
  void readsTheSizeAfterManySuperfluousBytes() throws IOException {
    byte[] jpeg = jpeg(40, 30, 0, 0, 1, 1);
    Path path = root.resolve("a.jpg");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(jpeg, 0, 2);
      file.seek(40_000_000);
      file.write(jpeg, 2, jpeg.length - 2);
    }
    assertEquals(new ImageHeader(40, 30, 1), ImageHeader.read(path));
  }

  @Test
  void listsFilesThatAreNoImages() throws IOException {
    byte[] jpeg = jpeg(40, 30, 0, 0, 1, 1);
    for (byte[] bytes : new byte[][] {{}, "<html>".getBytes(), Arrays.copyOf(jpeg, 100)}) {
      Files.write(root.resolve("a.jpg"), bytes);
      ReferringDataset dataset = open("a.jpg", "\"width\": 40, \"height\": 30,", "1, 1, 2, 2");
      assertEquals(0, dataset.size());
      String problem = dataset.badRecords().get(0).problem();
      assertTrue(problem.contains("a.jpg"), problem);
    }
  }

  private static void assertBox(Box expected, Box found) {
    assertEquals(expected.x(), found.x(), 1e-9);
    assertEquals(expected.y(), found.y(), 1e-9);
    assertEquals(expected.width(), found.width(), 1e-9);
    assertEquals(expected.height(), found.height(), 1e-9);
  }

  /** A pixel is white exactly where it is within the box. */
  private static void assertWhite(Image image, Box box) {
    for (int y = 4; y < image.height(); y += 8) {
      for (int x = 4; x < image.width(); x += 8) {
        boolean within =
            x > box.x() && x < box.x() + box.width() && y > box.y() && y < box.y() + box.height();
        int value = image.pixels().get(y * image.rowStride() + 3 * x) & 255;
        assertEquals(within, value > 128, x + ", " + y);
      }
    }
  }
}
